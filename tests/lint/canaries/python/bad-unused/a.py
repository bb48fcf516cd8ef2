# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
import os
import sys

print(sys.argv)
