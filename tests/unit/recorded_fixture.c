/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/recorded_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const char zone[] = "$TTL 300\n"
			   "bank.example. TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
			   "_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n";

static const char header[] = "From: Ann <ann@bank.example>\n"
			     "To: secret-to@customer.example\n"
			     "Subject: secret-subject\n"
			     "Message-ID: <4711@bank.example>\n"
			     "List-Id: Some list <list.bank.example>\n"
			     "Authentication-Results: other.example; spf=pass\n"
			     "Authentication-Results: " LAB_ID "; spf=pass\n";

void
trial_begin(struct trial *trial, const char *config)
{
	trial->arena = pst_arena_new();
	lab_open(&trial->lab, config, zone);
	trial->session = lab_connect(&trial->lab, "192.0.2.66");
	pst_session_helo(trial->session, PST_STR("mail.bank.example"));
	pst_session_mail(
	    trial->session, PST_STR("<ann@bank.example>"), PST_STR(""), false);
}

void
trial_finish(struct trial *trial)
{
	lab_header(trial->session, header);
	pst_session_eoh(trial->session);
	(void)pst_session_body(trial->session, "secret-body\r\n", 13);
	trial->message =
	    pst_session_end(trial->session, PST_STR("4FA43A8A3F9"), NULL);
}

void
trial_end(struct trial *trial)
{
	pst_arena_free(trial->arena);
	pst_session_close(trial->session);
	lab_close(&trial->lab);
}

struct pst_recorded
trial_read(const struct trial *trial, struct pst_str octets)
{
	struct pst_recorded read;
	struct pst_err err = {""};

	if (!pst_recorded_read(
		trial->arena, octets, trial->message->config, &read, &err)) {
		(void)fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return read;
}
