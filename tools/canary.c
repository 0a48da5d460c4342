/* SPDX-License-Identifier: BSD-2-Clause */
/* The health check of a running gateway: `postern send --canary`. */
#include <string.h>
#include <time.h>

#include "auth/dkim_sign.h"
#include "base/buf.h"
#include "core/canary.h"
#include "core/edits.h"
#include "tools/command.h"
#include "tools/send.h"
#include "tools/settings.h"
#include "tools/ui.h"

static const char command[] = "send";

/* One of the two messages, and what became of it. */
struct canary {
	const char *kind; /* "forged", "genuine" */
	const char *domain;
	bool built_in; /* the domain is one of our own names */
	struct pst_send_item item;
	struct pst_mta_verdict verdict;
	bool checked;      /* there is a field with results */
	bool tagged;       /* there is the mark of tagged mail */
	const char *dmarc; /* the results; "" if one is missing */
	const char *policy;
	const char *spf;
	const char *dkim;
};

/* What all steps need. */
struct flight {
	struct pst_arena *arena;
	struct pst_send_plan *plan;
	struct pst_config *config; /* that of the listener */
	const char *origin;        /* where it is from, for sentences */
	const char *socket;
};

/*
 * Signed with a key that was thrown away; the other half of it is in the zone
 * of core/canary.c. The signature does not cover the date.
 */
static const char built_in_genuine[] =
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=" PST_CANARY_GENUINE "; s=" PST_CANARY_SELECTOR ";\r\n"
    " h=from:to:subject; bh=jwtH4YZCYrZLvO7/2V5nrh8GBxFwQemlar9r+Ju3WeA=;\r\n"
    " b="
    "cNLnCs82vB/c8uyk8zwMtpRptn2y8yGD7YttkumW78THmNSfJkzWZNL/n7u0\r\n "
    "/AQSTisfIy2WFRUvasrqbYN+wg8rbm6M6q+7KPoDRytpca2WzBilBg3no9D8\r\n "
    "rlI/mw6YskT/wnjx2unKArPR67GYIETcGMBAKTBSVPbK4faIkLiteKfXdTad\r\n "
    "+HsLh/KMkDS1vdCr6Bt/N0qcBYosBqxAUvljISUUwAUXZRqdwAf3Lh+RBEOn\r\n "
    "0giYb5hdL3cqWqX50Ja0KlGCtuSaqZblxXpR3oVBiXNesiuKtogVNur8cI84\r\n "
    "kkl2aj7Di7LlRxjbQSkloBtICdLeckGkIn77ePNnFw=="
    "\r\n"
    "From: Canary <canary@" PST_CANARY_GENUINE ">\r\n"
    "To: postmaster\r\n"
    "Subject: Postern canary, genuine\r\n";
static const char built_in_body[] =
    "A genuine message of the canary: postern send --canary.\r\n";

static const char *
date_field(struct pst_arena *arena)
{
	const time_t now = time(NULL);
	struct tm tm;
	char text[64];

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm) ==
		0)
		return "";
	return pst_arena_printf(arena, "Date: %s\r\n", text);
}

static const char *
compose(struct flight *flight, const struct canary *canary)
{
	return pst_arena_printf(flight->arena,
	    "From: Canary <canary@%s>\r\n"
	    "To: postmaster\r\n"
	    "Subject: Postern canary, %s\r\n"
	    "%s"
	    "\r\n"
	    "A %s message of the canary: postern send --canary.\r\n",
	    canary->domain, canary->kind, date_field(flight->arena),
	    canary->kind);
}

/* Returns the message of the operator's genuine domain; NULL with err. */
static const char *
compose_signed(
    struct flight *flight, const struct canary *canary, struct pst_err *err)
{
	const struct pst_config *config = flight->config;
	const char *text = compose(flight, canary);
	struct pst_signature_by by = {
	    .domain = canary->domain,
	    .selector = config->canary.genuine_selector,
	};
	const char *field;

	if (config->canary.genuine_key[0] == '\0')
		return text;
	by.key = pst_sign_key_read(config->canary.genuine_key, err);
	if (by.key == NULL)
		return NULL;
	field = pst_dkim_sign(
	    flight->arena, &by, pst_str(text), (int64_t)time(NULL), err);
	pst_sign_key_unref(by.key);
	return field == NULL ?
	    NULL :
	    pst_arena_printf(flight->arena, "%s%s", field, text);
}

static bool
make_item(struct flight *flight, struct canary *canary, const char *text,
    const char *client, const char *rcpt)
{
	struct pst_envelope *envelope = &canary->item.envelope;
	struct pst_err err;

	canary->item.file_name = canary->kind;
	envelope->name =
	    strcmp(client, PST_CANARY_CLIENT) == 0 ? PST_CANARY_HOST : "";
	envelope->helo = PST_CANARY_HOST;
	envelope->mail_from =
	    pst_arena_printf(flight->arena, "<canary@%s>", canary->domain);
	pst_envelope_add_rcpt(
	    flight->arena, rcpt == NULL ? "<postmaster>" : rcpt, envelope);
	if (pst_ip_parse(pst_str(client), &envelope->ip) &&
	    pst_message_parse(flight->arena, pst_str(text), canary->kind,
		&canary->item.message, &err))
		return true;
	pst_ui_fail(
	    command, "the canary's %s message cannot be made", canary->kind);
	return false;
}

static bool
make_forged(struct flight *flight, struct canary *canary, const char *rcpt)
{
	const char *given = flight->config->canary.forged;

	canary->kind = "forged";
	canary->built_in = given[0] == '\0';
	canary->domain = canary->built_in ? PST_CANARY_FORGED : given;
	return make_item(
	    flight, canary, compose(flight, canary), PST_CANARY_CLIENT, rcpt);
}

static bool
make_genuine(struct flight *flight, struct canary *canary, const char *rcpt)
{
	const struct pst_config *config = flight->config;
	const char *client = config->canary.genuine_client;
	struct pst_err err;
	const char *text;

	canary->kind = "genuine";
	canary->built_in = config->canary.genuine[0] == '\0';
	canary->domain =
	    canary->built_in ? PST_CANARY_GENUINE : config->canary.genuine;
	if (canary->built_in || client[0] == '\0')
		client = PST_CANARY_CLIENT;
	if (canary->built_in)
		text = pst_arena_printf(flight->arena, "%s%s\r\n%s",
		    built_in_genuine, date_field(flight->arena), built_in_body);
	else
		text = compose_signed(flight, canary, &err);
	if (text != NULL)
		return make_item(flight, canary, text, client, rcpt);
	pst_ui_fail(command, "canary.genuine-key: %s", err.text);
	return false;
}

/* ---- what came back ---- */

/* Returns the word after "METHOD=" in the value; "" if there is none. */
static const char *
find_result(struct pst_arena *arena, const char *value, const char *method)
{
	const char *at = value;
	size_t len = strlen(method);

	while ((at = strstr(at, method)) != NULL) {
		if (at > value && strchr(" \t\n", at[-1]) != NULL &&
		    at[len] == '=') {
			const char *word = at + len + 1;
			return pst_arena_memdup(arena, word,
			    strspn(word, "abcdefghijklmnopqrstuvwxyz"));
		}
		at += len;
	}
	return "";
}

static void
read_verdict(struct flight *flight, struct canary *canary)
{
	const struct pst_mta_verdict *verdict = &canary->verdict;

	canary->dmarc = canary->policy = canary->spf = canary->dkim = "";
	for (size_t i = 0; i < verdict->edit_count; i++) {
		const struct pst_mta_edit *edit = &verdict->edits[i];
		struct pst_str name = pst_str(edit->name);

		if (edit->value == NULL)
			continue;
		if (pst_str_ieq(name, pst_str(flight->config->tag_header)))
			canary->tagged = true;
		if (!pst_str_ieq(name, pst_str(PST_AUTHRES_NAME)))
			continue;
		canary->checked = true;
		canary->dmarc =
		    find_result(flight->arena, edit->value, "dmarc");
		canary->policy =
		    find_result(flight->arena, edit->value, "policy.dmarc");
		canary->spf = find_result(flight->arena, edit->value, "spf");
		canary->dkim = find_result(flight->arena, edit->value, "dkim");
	}
}

/* Whether what would be done to that mail is only logged, at least for some. */
static bool
is_only_watched(const struct pst_config *config, const char *domain)
{
	if (pst_domain_set_has(&config->monitor_domains.set, domain))
		return true;
	if (pst_domain_set_has(&config->enforce_domains.set, domain))
		return false;
	return config->mode == PST_MODE_MONITOR ||
	    config->enforce_percent < 100;
}

/* What no message should meet; NULL if it met none of that. */
static const char *
find_obstacle(const struct canary *canary)
{
	switch (canary->verdict.action) {
	case PST_MTA_TEMPFAIL:
		return "was deferred, so mail is waiting at its senders: the DNS "
		       "does not answer, or the gateway cannot serve more "
		       "sessions; look at \"postern status\" and the log";
	case PST_MTA_DISCARD:
		return "was discarded, so mail is lost: this is not the answer "
		       "of posternd; look at which program has this socket";
	case PST_MTA_REJECT:
	case PST_MTA_QUARANTINE:
		return NULL;
	case PST_MTA_ACCEPT:
		break;
	}
	if (!canary->checked)
		return "was accepted without a check, and so is other mail: "
		       "look whether trusted-networks or relays contain the "
		       "address of the message, whether this listener has "
		       "\"submission = yes\", and whether a rule skips it";
	if (strcmp(canary->dmarc, "temperror") == 0)
		return "could not be checked, so mail passes without a check: "
		       "the DNS does not answer; look at \"postern status\" and "
		       "the DNS servers of this host";
	return NULL;
}

/* Returns what is wrong with the verdict on the forged message, or NULL. */
static const char *
judge_forged(const struct flight *flight, const struct canary *canary)
{
	const char *obstacle = find_obstacle(canary);

	if (obstacle != NULL)
		return obstacle;
	if (canary->verdict.action != PST_MTA_ACCEPT)
		return NULL;
	if (strcmp(canary->dmarc, "fail") != 0)
		return "was not recognized as forged, so forged mail reaches "
		       "the users: look at its results in the log, and whether "
		       "its domain publishes a DMARC policy of reject or "
		       "quarantine";
	if (strcmp(canary->policy, "none") == 0)
		return "was recognized as forged, but the policy of its domain "
		       "is none, so this does not show what becomes of forged "
		       "mail: name a domain whose policy is reject or "
		       "quarantine in canary.forged";
	if (canary->tagged || is_only_watched(flight->config, canary->domain))
		return NULL;
	return "was recognized as forged and let through without a mark, so "
	       "forged mail reaches the users: look at mode, on-reject, "
	       "on-quarantine and the rules, and whether the daemon uses this "
	       "configuration (\"postern reload\")";
}

/* Returns what is wrong with the verdict on the genuine message, or NULL. */
static const char *
judge_genuine(const struct canary *canary)
{
	const char *obstacle = find_obstacle(canary);

	if (obstacle != NULL)
		return obstacle;
	if (canary->verdict.action == PST_MTA_REJECT)
		return "was refused, so genuine mail is lost to the users: look "
		       "at the rule in the log line of the message";
	if (canary->verdict.action == PST_MTA_QUARANTINE || canary->tagged)
		return "was marked or held as if it were forged: look at the "
		       "rule in the log line of the message";
	if (strcmp(canary->dmarc, "pass") != 0)
		return "did not pass DMARC, so genuine mail can be refused: "
		       "look at its results in the log, and whether its domain "
		       "permits the address and publishes the key that the "
		       "section canary names";
	if (canary->built_in &&
	    (strcmp(canary->spf, "pass") != 0 ||
		strcmp(canary->dkim, "pass") != 0))
		return "did not pass both SPF and DKIM, so genuine mail can be "
		       "refused: look at its results in the log";
	return NULL;
}

static bool
tell(struct flight *flight, const struct canary *canary, const char *wrong)
{
	const struct pst_mta_verdict *verdict = &canary->verdict;
	const char *done =
	    canary->tagged ? "tag" : pst_mta_action_word(verdict->action);

	if (wrong != NULL) {
		(void)fflush(stdout);
		pst_ui_note(command, "the %s message of %s %s", canary->kind,
		    canary->domain, wrong);
		return false;
	}
	printf("%s: judged right: %s", canary->kind, done);
	if (canary->dmarc[0] != '\0')
		printf(", dmarc=%s", canary->dmarc);
	if (strcmp(canary->kind, "forged") == 0 &&
	    verdict->action == PST_MTA_ACCEPT && !canary->tagged)
		fputs(" (only logged, as mode, enforce-percent or "
		      "monitor-domains say)",
		    stdout);
	if (verdict->reply != NULL)
		printf(" (%s)",
		    pst_escaped(flight->arena, pst_str(verdict->reply)));
	putchar('\n');
	return true;
}

static bool
fly(struct flight *flight, struct canary *canary, uint64_t nth)
{
	struct pst_send_line line = {.arena = flight->arena};
	struct pst_err err;
	bool ok = pst_send_one(flight->plan, &canary->item, nth, &line, &err);

	pst_mta_close(line.milter);
	if (!ok) {
		pst_ui_fail(command,
		    "%s; the gateway cannot be used, so the MTA does with mail "
		    "what its milter_default_action says; look whether "
		    "posternd runs and listens on %s",
		    err.text, flight->socket);
		return false;
	}
	canary->verdict = line.verdict;
	read_verdict(flight, canary);
	return true;
}

/* Finds the listener's socket and configuration; false after a sentence. */
static bool
find_listener(struct flight *flight, const char *to, const char *config_file)
{
	struct pst_config *config =
	    pst_settings_load(command, config_file, &flight->origin);
	struct pst_err err;
	size_t count, i;

	if (config == NULL)
		return false;
	count = pst_config_listeners(config);
	flight->socket = to;
	if (to == NULL && count > 0)
		flight->socket = pst_arena_strdup(
		    flight->arena, pst_config_socket(config, 0));
	i = 0;
	while (i < count &&
	    strcmp(pst_config_socket(config, i), flight->socket) != 0)
		i++;
	flight->config = i < count ? pst_config_for_listener(config, i) :
				     pst_config_ref(config);
	pst_config_unref(config);
	if (pst_endpoint_parse(
		pst_str(flight->socket), &flight->plan->to, &err))
		return true;
	pst_ui_fail(command, "--to \"%s\": %s", flight->socket, err.text);
	pst_config_unref(flight->config);
	return false;
}

int
pst_send_canary(struct pst_send_plan *plan, const char *to,
    const char *config_file, const char *rcpt)
{
	struct flight flight = {.arena = pst_arena_new(), .plan = plan};
	struct canary forged = {.built_in = false};
	struct canary genuine = {.built_in = false};
	int status = PST_EXIT_USAGE;

	if (!find_listener(&flight, to, config_file)) {
		pst_arena_free(flight.arena);
		return status;
	}
	if (make_forged(&flight, &forged, rcpt) &&
	    make_genuine(&flight, &genuine, rcpt) && fly(&flight, &forged, 1) &&
	    fly(&flight, &genuine, 2)) {
		bool first =
		    tell(&flight, &forged, judge_forged(&flight, &forged));
		bool second = tell(&flight, &genuine, judge_genuine(&genuine));

		status = first && second ? PST_EXIT_OK : PST_EXIT_OTHER;
	}
	if (status == PST_EXIT_OTHER)
		pst_ui_note(command, "socket %s, configuration %s",
		    flight.socket, flight.origin);
	pst_config_unref(flight.config);
	pst_arena_free(flight.arena);
	return status;
}
