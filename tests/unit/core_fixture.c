/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/core_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dns/zone.h"

static void
give_up(const struct pst_err *err)
{
	(void)fprintf(stderr, "%s\n", err->text);
	abort();
}

struct pst_config *
lab_config(const char *text)
{
	char name[] = "postern-test-XXXXXX";
	size_t len = strlen(text);
	int fd = mkstemp(name);
	struct pst_err err = {"cannot write the configuration"};
	struct pst_config *config;

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd) != 0)
		give_up(&err);
	config = pst_config_load(name, &err);
	(void)unlink(name);
	if (config == NULL)
		give_up(&err);
	return config;
}

struct pst_resolver *
lab_zone(const char *text)
{
	struct pst_err err;
	struct pst_resolver *zone =
	    pst_zone_parse(text, strlen(text), "zone", &err);

	if (zone == NULL)
		give_up(&err);
	return zone;
}

void
lab_open(struct lab *lab, const char *config, const char *zone)
{
	*lab = (struct lab){.clock = pst_clock_manual(LAB_NOW)};
	lab->service = pst_service_start_with(
	    lab_config(config), lab_zone(zone), &lab->clock);
}

void
lab_close(struct lab *lab)
{
	pst_service_stop(lab->service);
}

struct pst_session *
lab_connect(const struct lab *lab, const char *ip)
{
	static const struct pst_mta able = {true, true, true};
	struct pst_err err = {"wrong address"};
	struct pst_ip client = {.family = PST_IP_NONE};

	if (ip != NULL && !pst_ip_parse(pst_str(ip), &client))
		give_up(&err);
	return pst_session_open(lab->service, &client,
	    PST_STR("client.example"), able, lab->sends_tests);
}

void
lab_header(struct pst_session *session, const char *header)
{
	struct pst_str rest = pst_str(header);

	while (rest.len > 0) {
		size_t end = pst_str_find(rest, '\n');
		size_t colon = pst_str_find(rest, ':');

		while (end + 1 < rest.len && pst_is_wsp(rest.ptr[end + 1]))
			end +=
			    1 + pst_str_find(pst_str_from(rest, end + 1), '\n');
		pst_session_header(session, pst_str_first(rest, colon),
		    pst_str_from(pst_str_first(rest, end), colon + 1));
		rest = pst_str_from(rest, end + 1);
	}
}

const struct pst_message *
lab_send(struct pst_session *session, const struct letter *letter)
{
	if (letter->helo != NULL)
		pst_session_helo(session, pst_str(letter->helo));
	pst_session_mail(session, pst_str(letter->mail_from), PST_STR(""),
	    letter->authenticated);
	pst_session_rcpt(session, PST_STR("<you@gateway.example>"));
	lab_header(session, letter->header);
	pst_session_eoh(session);
	if (letter->body != NULL)
		(void)pst_session_body(
		    session, letter->body, strlen(letter->body));
	return pst_session_end(session, PST_STR("4FA43A8A3F9"), NULL);
}
