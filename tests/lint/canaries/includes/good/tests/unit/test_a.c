// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "engine/a.h"
#include "tests/unit/build.h"
#include "platform/native.h"
