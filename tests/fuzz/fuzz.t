#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 1200
# Each fuzz target for FUZZ_SECONDS, from its kept corpus.
exec "${0%/*}/../../mk/fuzz"
