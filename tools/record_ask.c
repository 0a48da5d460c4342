/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/record_ask.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "tools/ui.h"

#define MAX_ANSWER 1000

static const char command[] = "record";

/* ---- values ---- */

bool
pst_record_add(struct pst_record_list *list, const char *item)
{
	if (list->count == PST_RECORD_MAX_LIST) {
		pst_ui_fail(command, "more than %d values are not accepted",
		    PST_RECORD_MAX_LIST);
		return false;
	}
	list->items[list->count++] = item;
	return true;
}

bool
pst_record_add_network(struct pst_record_request *request, const char *text)
{
	struct pst_net *net = &request->nets[request->net_count];

	if (request->net_count == PST_RECORD_MAX_LIST) {
		pst_ui_fail(command, "more than %d addresses are not accepted",
		    PST_RECORD_MAX_LIST);
		return false;
	}
	if (!pst_net_parse(pst_str(text), net)) {
		pst_ui_fail(command,
		    "\"%.100s\" is not an address or a network such as "
		    "192.0.2.0/24 (the bits after the prefix must be 0)",
		    text);
		return false;
	}
	request->net_count++;
	return true;
}

bool
pst_record_take_policy(const char *text, enum pst_dmarc_policy *out)
{
	for (unsigned p = PST_DMARC_NONE; p <= PST_DMARC_REJECT; p++) {
		if (strcmp(text, pst_dmarc_policy_word(p)) != 0)
			continue;
		*out = p;
		return true;
	}
	pst_ui_fail(command,
	    "\"%.100s\" is not a policy; it is none, quarantine or reject",
	    text);
	return false;
}

bool
pst_record_take_type(const char *text, enum pst_key_type *out)
{
	*out = PST_KEY_RSA;
	if (strcmp(text, "rsa") == 0)
		return true;
	*out = PST_KEY_ED25519;
	if (strcmp(text, "ed25519") == 0)
		return true;
	pst_ui_fail(command,
	    "\"%.100s\" is not a type of key; it is rsa or ed25519", text);
	return false;
}

/* ---- questions ---- */

struct question {
	const char *explanation; /* one line */
	const char *text;
	const char *preset; /* the answer if the line is empty */
};

/* Returns the answer in the arena; NULL, after a sentence, at the end. */
static const char *
ask(struct pst_record_request *request, const struct question *question)
{
	char line[MAX_ANSWER];
	struct pst_str answer;

	printf("\n%s\n%s [%s]: ", question->explanation, question->text,
	    question->preset[0] == '\0' ? "none" : question->preset);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL) {
		putchar('\n');
		fflush(stdout);
		pst_ui_fail(command,
		    "the input ended before the last question; no record was "
		    "made");
		return NULL;
	}
	answer = pst_str_trim(pst_str(line));
	if (answer.len == 0)
		return question->preset;
	return pst_arena_memdup(request->arena, answer.ptr, answer.len);
}

/* *yes is the default. */
static bool
ask_yes(struct pst_record_request *request, const char *explanation,
    const char *text, bool *yes)
{
	struct question question = {explanation, text, *yes ? "yes" : "no"};

	for (;;) {
		const char *answer = ask(request, &question);

		if (answer == NULL)
			return false;
		*yes = answer[0] == 'y' || answer[0] == 'Y';
		if (*yes || answer[0] == 'n' || answer[0] == 'N')
			return true;
		pst_ui_note(command, "please answer yes or no");
	}
}

/* Takes one word of an answer. */
typedef bool (*word_taker)(struct pst_record_request *request, const char *);

/* Asks until each word of the answer is right. "none": no word. */
static bool
ask_words(struct pst_record_request *request, const struct question *question,
    word_taker take)
{
	for (;;) {
		const char *answer = ask(request, question);
		const struct pst_record_request before = *request;
		struct pst_str rest, word;
		bool more = true, ok = true;

		if (answer == NULL)
			return false;
		rest = pst_str(answer);
		if (pst_str_ieq(rest, PST_STR("none")))
			return true;
		while (ok && pst_str_split(&rest, ' ', &word, &more)) {
			while (word.len > 0 && word.ptr[word.len - 1] == ',')
				word.len--;
			if (word.len > 0)
				ok = take(request,
				    pst_arena_memdup(
					request->arena, word.ptr, word.len));
		}
		if (ok)
			return true;
		*request = before; /* the whole answer is given again */
	}
}

/* ---- SPF ---- */

static bool
take_include(struct pst_record_request *request, const char *word)
{
	if (pst_domain_is_ldh(pst_str(word)))
		return pst_record_add(&request->includes, word);
	pst_ui_fail(command, "\"%.100s\" is not a domain name", word);
	return false;
}

static bool
ask_spf(struct pst_record_request *request)
{
	const struct question hosts = {
	    "The hosts that send mail for the domain, as addresses or networks.",
	    "Addresses, with blanks between", ""};
	const struct question services = {
	    "Services that send for you (newsletters, mailbox hosting) say what "
	    "to include.",
	    "Domains to include", ""};
	bool fail = true;

	if (!ask_yes(request,
		"Often the hosts that receive mail for the domain (MX) send "
		"it, too.",
		"Do they", &request->mx) ||
	    !ask_words(request, &hosts, pst_record_add_network) ||
	    !ask_words(request, &services, take_include) ||
	    !ask_yes(request,
		"Mail from other hosts: \"yes\" says it is forged (-all), "
		"\"no\" says it is suspect (~all).",
		"Is the list complete", &fail))
		return false;
	request->all = fail ? '-' : '~';
	return true;
}

/* ---- DMARC ---- */

static bool
take_rua(struct pst_record_request *request, const char *word)
{
	if (strchr(word, '@') != NULL)
		return pst_record_add(&request->rua, word);
	pst_ui_fail(command, "\"%.100s\" is not a mail address", word);
	return false;
}

static bool
take_policy(struct pst_record_request *request, const char *word)
{
	return pst_record_take_policy(word, &request->dmarc.p);
}

static bool
ask_dmarc(struct pst_record_request *request)
{
	const struct question reports = {
	    "Receivers report once a day what was sent in the name of the "
	    "domain.",
	    "Address for the reports",
	    pst_arena_printf(request->arena, "dmarc@%s", request->domain)};
	const struct question policies = {
	    "What receivers do with mail that fails: begin with none, and read "
	    "the reports.",
	    "none, quarantine or reject", "none"};
	struct pst_make_dmarc *dmarc = &request->dmarc;

	if (!ask_words(request, &reports, take_rua))
		return false;
	request->has_policy = true;
	for (;;) {
		const char *answer = ask(request, &policies);

		if (answer == NULL)
			return false;
		if (take_policy(request, answer))
			break;
	}
	dmarc->np = PST_DMARC_REJECT;
	dmarc->has_np = true;
	return ask_yes(request,
	    "No genuine mail comes from sub-domains that do not exist.",
	    "Reject mail in the name of such", &dmarc->has_np);
}

/* ---- DKIM ---- */

static bool
ask_dkim(struct pst_record_request *request)
{
	char month[16] = "1";
	time_t now = time(NULL);
	struct tm parts;
	const char *type;

	if (gmtime_r(&now, &parts) != NULL)
		(void)strftime(month, sizeof(month), "%Y%m", &parts);

	const struct question selector = {
	    "The selector is the name of the key; a month in it tells when to "
	    "renew the key.",
	    "Selector", pst_arena_printf(request->arena, "s%s", month)};
	const struct question types = {
	    "Every receiver reads rsa; ed25519 is shorter, for a second "
	    "signature.",
	    "rsa or ed25519", "rsa"};

	request->selector = ask(request, &selector);
	if (request->selector == NULL)
		return false;
	do {
		type = ask(request, &types);
		if (type == NULL)
			return false;
	} while (!pst_record_take_type(type, &request->type));

	const struct question file = {
	    "The private key is for your signer only. A file that exists is not "
	    "overwritten.",
	    "File for the private key",
	    pst_arena_printf(request->arena, "%s.%s.pem", request->selector,
		request->domain)};

	request->key_file = ask(request, &file);
	return request->key_file != NULL;
}

bool
pst_record_ask(struct pst_record_request *request)
{
	puts("An empty answer takes what is in brackets; Ctrl-D ends.");
	switch (request->kind) {
	case PST_RECORD_SPF:
		return ask_spf(request);
	case PST_RECORD_DKIM:
		return ask_dkim(request);
	case PST_RECORD_DMARC:
		return ask_dmarc(request);
	}
	return false;
}
