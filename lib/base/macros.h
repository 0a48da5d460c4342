/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_MACROS_H
#define PST_BASE_MACROS_H

/* The few macros that every module may use. */

/* The number of elements of an array; not for pointers. */
#define PST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The compiler warns when a caller drops the result of such a function. */
#define PST_MUST_CHECK __attribute__((warn_unused_result))

#endif
