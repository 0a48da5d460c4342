/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/keeping.h"

#include "tools/ui.h"

static void
fail(struct pst_keeping *keeping, const struct pst_err *err)
{
	keeping->failed = true;
	(void)pst_ui_fail(keeping->command, "%s", err->text);
}

void
pst_keeping_put(struct pst_keeping *keeping, struct pst_arena *arena,
    const char *domain, const struct pst_review_texts *texts)
{
	const struct pst_review_place place = {
	    keeping->dir, domain, keeping->part};
	struct pst_err err;

	if (!pst_review_keep(arena, &place, texts, &err))
		fail(keeping, &err);
}

void
pst_keeping_forget_others(
    struct pst_keeping *keeping, struct pst_domain_list *list)
{
	const struct pst_review_domains own = {list->names, list->count};
	struct pst_err err;

	if (!pst_review_forget_others(list->arena, keeping->dir, &own, &err))
		fail(keeping, &err);
}
