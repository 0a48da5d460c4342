/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_RESULT_H
#define PST_AUTH_RESULT_H

/* The result words of RFC 8601 s. 2.7, for all methods. */

enum pst_result {
	PST_RESULT_NONE,
	PST_RESULT_PASS,
	PST_RESULT_FAIL,
	PST_RESULT_SOFTFAIL,
	PST_RESULT_NEUTRAL,
	PST_RESULT_TEMPERROR,
	PST_RESULT_PERMERROR,
	PST_RESULT_POLICY,
};

/* Returns "none", "pass", ... as RFC 8601 spells them. */
const char *pst_result_word(enum pst_result result);

#endif
