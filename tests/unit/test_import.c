/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"
int main(void) { return 0; }
