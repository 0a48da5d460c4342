/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/forecast.h"

#include <stdlib.h>
#include <string.h>

#include "store/forecast_facts.h"

const char *
pst_forecast_word(enum pst_forecast_kind kind)
{
	switch (kind) {
	case PST_FORECAST_FORGED:
		return "forged";
	case PST_FORECAST_FORWARDED:
		return "looks forwarded";
	case PST_FORECAST_GENUINE:
		return "looks genuine";
	case PST_FORECAST_UNCLEAR:
		break;
	}
	return "unclear";
}

static int
most_first(const void *a, const void *b)
{
	const struct pst_forecast_row *first = a, *second = b;
	int order;

	if (first->messages != second->messages)
		return first->messages < second->messages ? 1 : -1;
	order = strcmp(first->from_domain, second->from_domain);
	return order != 0 ? order : strcmp(first->via, second->via);
}

void
pst_forecast_end(
    struct pst_forecast_evidence *evidence, struct pst_forecast *out)
{
	*out = evidence->out;
	out->days = evidence->asked_days.count;
	out->rows = pst_arena_array(
	    evidence->arena, evidence->sender_count, sizeof(*out->rows));
	pst_forecast_relate(evidence);
	for (struct pst_forecast_sender *one = evidence->senders; one != NULL;
	     one = one->next) {
		struct pst_forecast_row *row = &out->rows[out->count];

		if (one->messages == 0)
			continue;
		out->count++;
		row->from_domain = one->domain->name;
		row->via = one->via->name;
		row->messages = one->messages;
		memcpy(row->would, one->would, sizeof(row->would));
		/* Those of the first moments are not counted (tallies). */
		row->networks = pst_forecast_networks(&one->networks);
		row->networks += row->networks == 0;
		row->days = one->days.count;
		row->domain_aligned = one->domain->aligned;
		pst_forecast_judge(evidence, one, row);
		pst_forecast_advise(evidence, one, row);
	}
	qsort(out->rows, out->count, sizeof(*out->rows), most_first);
}

static bool
take_row(void *arg, const struct pst_tally_row *row, unsigned days)
{
	(void)days;
	pst_forecast_take(arg, row);
	return true;
}

bool
pst_forecast_make(struct pst_arena *arena, const char *tallies_path,
    struct pst_forecast_span span, struct pst_forecast *out,
    struct pst_err *err)
{
	static const struct {
		enum pst_tally_question question;
		bool by_day;
	} questions[] = {{PST_TALLY_HOUR, true}, {PST_TALLY_SENDER, true},
	    {PST_TALLY_NETWORK, false}};
	struct pst_forecast_evidence *evidence =
	    pst_forecast_begin(arena, span);
	const int64_t from = span.last_day - PST_FORECAST_EVIDENCE + 1;

	for (size_t i = 0; i < PST_COUNT(questions); i++) {
		const struct pst_tally_query query = {
		    .question = questions[i].question,
		    .first_day = span.first_day < from ? span.first_day : from,
		    .last_day = span.last_day,
		    .by_day = questions[i].by_day};

		if (!pst_tallies_ask(tallies_path, &query,
			(struct pst_tally_visitor){take_row, evidence}, err))
			return false;
	}
	pst_forecast_end(evidence, out);
	return true;
}
