/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MTA_ANSWER_H
#define PST_TOOLS_MTA_ANSWER_H

/*
 * Turns a filter's packets into a verdict. This is strict: a wrong length, a
 * missing NUL or one too many, a change that was not negotiated, and a letter
 * that is not expected here are all failures.
 */

#include "tools/mta/client.h"
#include "tools/mta/io.h"

enum pst_mta_flow {
	PST_MTA_GO_ON,
	PST_MTA_SKIP_REST, /* no more events of this kind */
	PST_MTA_DECIDED,   /* the verdict is final */
	PST_MTA_FAILED,    /* a sentence is in err */
};

struct pst_mta_answers {
	struct pst_mta_io *io;
	struct pst_arena *arena; /* of the verdict */
	uint32_t actions;        /* as negotiated */
	bool leading_space;
	bool may_skip;
	struct pst_mta_verdict *verdict;
	size_t edit_capacity;
};

/*
 * Reads packets up to the answer to one event. If at_end is set, changes may
 * come before the answer.
 */
enum pst_mta_flow pst_mta_answer_read(
    struct pst_mta_answers *answers, bool at_end, struct pst_err *err);

#endif
