/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/result.h"

#include <assert.h>
#include <stddef.h>

#include "base/macros.h"

static const char *const words[] = {
    [PST_RESULT_NONE] = "none",
    [PST_RESULT_PASS] = "pass",
    [PST_RESULT_FAIL] = "fail",
    [PST_RESULT_SOFTFAIL] = "softfail",
    [PST_RESULT_NEUTRAL] = "neutral",
    [PST_RESULT_TEMPERROR] = "temperror",
    [PST_RESULT_PERMERROR] = "permerror",
    [PST_RESULT_POLICY] = "policy",
};

const char *
pst_result_word(enum pst_result result)
{
	assert((size_t)result < PST_COUNT(words));
	return words[result];
}
