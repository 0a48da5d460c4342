/* SPDX-License-Identifier: BSD-2-Clause */

/* MX records, the names of addresses (FCrDNS), and DNSSEC. */

#include <stdlib.h>

#include "auth/iprev.h"
#include "auth/spf.h"
#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "mail/address.h"
#include "survey/survey.h"

#define MAX_HOSTS 12 /* MX records that are examined */
#define MAX_IPS 8    /* addresses of one host */

struct mail {
	struct pst_survey_part *part;
	const char *domain;
	const struct pst_dns_answer *mx, *a, *aaaa, *txt;
	bool pending;
};

/* A host and its addresses. */
struct host {
	const char *at; /* escaped */
	struct pst_str name;
	const struct pst_dns_answer *a, *aaaa, *cname;
	struct pst_ip ips[MAX_IPS];
	size_t ip_count;
};

static struct pst_arena *
arena_of(const struct mail *mail)
{
	return mail->part->world->arena;
}

static void
say(const struct mail *mail, const char *name, const char *at, const char *text,
    const char *instead)
{
	struct pst_finding_place place = {.at = at};

	pst_finding_add(
	    &mail->part->survey->findings, name, &place, text, instead);
}

static const struct pst_dns_answer *
ask(struct mail *mail, struct pst_str name, enum pst_dns_type type)
{
	const struct pst_dns_answer *answer =
	    pst_world_ask(mail->part->world, PST_DNS_POLICY, name, type)
		->answer;

	if (answer == NULL)
		mail->pending = true;
	return answer;
}

static bool
failed(const struct pst_dns_answer *answer)
{
	return answer != NULL && pst_dns_is_temporary(answer->status);
}

static void
say_failed(const struct mail *mail, const char *at, const char *what,
    enum pst_dns_status status)
{
	say(mail, "dns-lookup-failed", at,
	    pst_arena_printf(arena_of(mail),
		"The look-up of %s failed (%s), so %s is not known.", at,
		pst_dns_status_word(status), what),
	    NULL);
}

/* ---- the names of addresses ---- */

/* Returns the result of FCrDNS; NONE: an answer is missing. */
static enum pst_result
find_fcrdns(struct mail *mail, const struct pst_ip *ip)
{
	struct pst_iprev iprev;

	if (pst_iprev_check(mail->part->world, ip, &iprev))
		return iprev.result;
	mail->pending = true;
	return PST_RESULT_NONE;
}

static const char *
ip_text(const struct mail *mail, const struct pst_ip *ip)
{
	char text[PST_IP_TEXT_SIZE];

	return pst_arena_strdup(arena_of(mail), pst_ip_text(ip, text));
}

/* An address that the caller gave: one that sends mail. */
static void
check_name(struct mail *mail, const char *at, enum pst_result result)
{
	if (result == PST_RESULT_PASS)
		say(mail, "mail-fcrdns", at,
		    "The address has a name, and the name has this address.",
		    NULL);
	else if (result == PST_RESULT_PERMERROR)
		say(mail, "mail-no-ptr", at,
		    "The address has no PTR record, so many receivers refuse "
		    "mail from it.",
		    "a PTR record with the name that the host says in HELO; "
		    "ask whoever provides the address");
	else if (result == PST_RESULT_FAIL)
		say(mail, "mail-no-fcrdns", at,
		    "The name in the PTR record does not have this address, "
		    "so many receivers refuse mail from it.",
		    "an address record for that name, or another PTR record");
	else if (result == PST_RESULT_TEMPERROR)
		say_failed(mail, at, "its name", PST_DNS_SERVFAIL);
}

static bool
has_spf(const struct mail *mail)
{
	for (size_t i = 0; mail->txt != NULL && i < mail->txt->count; i++)
		if (pst_str_istarts(
			mail->txt->records[i].data, PST_STR("v=spf1")))
			return true;
	return false;
}

/* Whether mail of the domain from this address passes SPF. */
static void
check_spf(struct mail *mail, const char *at, const struct pst_ip *ip)
{
	const char *path =
	    pst_arena_printf(arena_of(mail), "<postmaster@%s>", mail->domain);
	struct pst_spf_input input = {.client = *ip,
	    .helo = pst_str(mail->domain),
	    .max_voids = mail->part->input->max_voids};
	struct pst_spf spf;

	if (!has_spf(mail))
		return;
	pst_reverse_path_parse(arena_of(mail), pst_str(path), &input.mail_from);
	if (!pst_spf_check(mail->part->world, &input, &spf)) {
		mail->pending = true;
		return;
	}
	if (spf.result == PST_RESULT_PASS)
		say(mail, "mail-ip-in-spf", at,
		    pst_arena_printf(arena_of(mail),
			"Mail of %s from this address passes SPF.",
			mail->domain),
		    NULL);
	else if (spf.result == PST_RESULT_TEMPERROR)
		say_failed(mail, at, "its result of SPF", PST_DNS_SERVFAIL);
	else
		say(mail, "mail-ip-not-in-spf", at,
		    pst_arena_printf(arena_of(mail),
			"Mail of %s from this address has the SPF result %s.",
			mail->domain, pst_result_word(spf.result)),
		    pst_arena_printf(arena_of(mail),
			"%s:%s in the SPF record, if the host is yours",
			ip->family == PST_IP_V4 ? "ip4" : "ip6", at));
}

static void
check_given(struct mail *mail)
{
	const struct pst_survey_input *input = mail->part->input;

	for (size_t i = 0; i < input->ip_count && i < PST_SURVEY_MAX_IPS; i++) {
		const struct pst_ip *ip = &input->ips[i];
		const char *at = ip_text(mail, ip);
		enum pst_result result = find_fcrdns(mail, ip);
		struct pst_survey *survey = mail->part->survey;

		check_name(mail, at, result);
		check_spf(mail, at, ip);
		survey->hosts[survey->host_count++] = (struct pst_survey_host){
		    .name = at,
		    .given = true,
		    .ips = at,
		    .fcrdns = pst_result_word(result),
		};
	}
}

/* ---- MX ---- */

static void
take_addresses(struct host *host, const struct pst_dns_answer *answer)
{
	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		if (host->ip_count < MAX_IPS)
			host->ips[host->ip_count++] = answer->records[i].ip;
}

/* Fills in the addresses as text, and what the worst of them gets. */
static void
judge_host(
    struct mail *mail, const struct host *host, struct pst_survey_host *out)
{
	enum pst_result worst = PST_RESULT_PASS;
	struct pst_buf ips;

	pst_buf_init(&ips, arena_of(mail), MAX_IPS * PST_IP_TEXT_SIZE);
	for (size_t i = 0; i < host->ip_count; i++) {
		enum pst_result result = find_fcrdns(mail, &host->ips[i]);

		pst_buf_printf(&ips, "%s%s", i == 0 ? "" : " ",
		    ip_text(mail, &host->ips[i]));
		if (result != PST_RESULT_PASS)
			worst = result;
	}
	out->ips = ips.len == 0 ? "" : pst_buf_str(&ips);
	if (host->ip_count > 0)
		out->fcrdns = pst_result_word(worst);
	if (host->ip_count > 0 &&
	    (worst == PST_RESULT_FAIL || worst == PST_RESULT_PERMERROR))
		say(mail, "mail-mx-no-fcrdns", host->at,
		    "An address of this host has no name, or its name does not "
		    "have the address.",
		    "a PTR record with the name of the host, if it sends mail");
}

static void
check_address(struct mail *mail, const struct host *host)
{
	struct pst_ip ip;

	if (pst_ip_parse(host->name, &ip)) {
		say(mail, "mail-mx-is-address", host->at,
		    "This MX record has an address where the name of a host "
		    "is required.",
		    "the name of the host");
		return;
	}
	if (host->cname != NULL && host->cname->status == PST_DNS_OK)
		say(mail, "mail-mx-is-cname", host->at,
		    "This MX record names an alias (CNAME), which RFC 2181 "
		    "does not allow.",
		    pst_arena_printf(arena_of(mail), "%s",
			pst_escaped(
			    arena_of(mail), host->cname->records[0].data)));
	if (host->a == NULL || host->aaaa == NULL || host->ip_count > 0)
		return;
	if (failed(host->a) || failed(host->aaaa))
		say_failed(mail, host->at, "whether mail can be delivered",
		    failed(host->a) ? host->a->status : host->aaaa->status);
	else
		say(mail, "mail-mx-dead", host->at,
		    "This MX record names a host without an address.",
		    "an address record for it, or no such MX record");
}

static void
check_host(struct mail *mail, const struct pst_dns_record *record)
{
	struct pst_survey *survey = mail->part->survey;
	struct host host = {.name = record->data};
	struct pst_survey_host *out = &survey->hosts[survey->host_count++];

	host.at = pst_escaped(arena_of(mail), record->data);
	host.a = ask(mail, host.name, PST_DNS_A);
	host.aaaa = ask(mail, host.name, PST_DNS_AAAA);
	host.cname = ask(mail, host.name, PST_DNS_CNAME);
	take_addresses(&host, host.a);
	take_addresses(&host, host.aaaa);
	*out = (struct pst_survey_host){
	    .name = host.at, .preference = record->preference};
	judge_host(mail, &host, out);
	check_address(mail, &host);
}

static int
by_preference(const void *a, const void *b)
{
	const struct pst_survey_host *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool
is_null_mx(const struct pst_dns_record *record)
{
	return record->data.len == 0;
}

/* Without an MX record, mail goes to the address of the domain itself. */
static void
say_no_mx(struct mail *mail)
{
	if (mail->a->status == PST_DNS_OK || mail->aaaa->status == PST_DNS_OK)
		say(mail, "mail-no-mx", mail->domain,
		    "There is no MX record, so mail for the domain goes to the "
		    "address of the domain itself, which may be a web server.",
		    pst_arena_printf(arena_of(mail),
			"%s. MX 10 mail.%s. or, if it receives no mail, %s. "
			"MX 0 .",
			mail->domain, mail->domain, mail->domain));
	else if (failed(mail->a) || failed(mail->aaaa))
		say_failed(mail, mail->domain, "where mail for it goes",
		    failed(mail->a) ? mail->a->status : mail->aaaa->status);
	else
		say(mail, "mail-no-mx", mail->domain,
		    "There is neither an MX record nor an address, so replies "
		    "and bounces cannot be delivered.",
		    pst_arena_printf(
			arena_of(mail), "%s. MX 0 . (RFC 7505)", mail->domain));
}

static void
check_mx(struct mail *mail)
{
	struct pst_survey *survey = mail->part->survey;
	const struct pst_dns_answer *mx = mail->mx;
	size_t null = 0, before = survey->findings.count;

	if (failed(mx)) {
		say_failed(
		    mail, mail->domain, "where mail for it goes", mx->status);
		return;
	}
	if (mx->status == PST_DNS_NXDOMAIN) {
		say(mail, "mail-no-such-domain", mail->domain,
		    "The domain does not exist in the DNS.", NULL);
		return;
	}
	for (size_t i = 0; i < mx->count; i++)
		null += is_null_mx(&mx->records[i]);
	for (size_t i = 0; i < mx->count && i < MAX_HOSTS; i++)
		if (!is_null_mx(&mx->records[i]))
			check_host(mail, &mx->records[i]);
	qsort(survey->hosts, survey->host_count, sizeof(*survey->hosts),
	    by_preference);
	if (mx->count == 0)
		say_no_mx(mail);
	else if (null == mx->count)
		say(mail, "mail-null-mx", mail->domain,
		    "The null MX record says that the domain receives no mail.",
		    NULL);
	else if (null > 0)
		say(mail, "mail-null-mx-with-others", mail->domain,
		    "There is a null MX record (MX 0 .) beside others, which "
		    "RFC 7505 does not allow.",
		    "only the null MX, or none");
	else if (survey->findings.count == before)
		say(mail, "mail-mx", mail->domain,
		    "Every MX record names a host with an address.", NULL);
}

/* ---- DNSSEC ---- */

static void
check_dnssec(struct mail *mail)
{
	const struct pst_dns_answer *answers[] = {
	    mail->mx, mail->txt, mail->a, mail->aaaa};
	struct pst_survey *survey = mail->part->survey;
	size_t good = 0, authentic = 0, bogus = 0;

	for (size_t i = 0; i < PST_COUNT(answers); i++) {
		good += answers[i]->status == PST_DNS_OK;
		authentic +=
		    answers[i]->status == PST_DNS_OK && answers[i]->authentic;
		bogus += answers[i]->status == PST_DNS_BOGUS;
	}
	survey->dnssec = "not known";
	if (bogus > 0) {
		survey->dnssec = "bogus";
		say(mail, "dns-dnssec-bogus", mail->domain,
		    "DNSSEC validation of the records of the domain fails.",
		    "a DS record at the parent that matches the keys of the "
		    "zone, and fresh signatures");
	} else if (mail->part->input->trusts_ad && good > 0) {
		survey->dnssec = authentic == good ? "signed" : "not signed";
		if (authentic == good)
			say(mail, "dns-dnssec-signed", mail->domain,
			    "The records of the domain are signed.", NULL);
		else
			say(mail, "dns-dnssec-missing", mail->domain,
			    "The records of the domain are not signed with "
			    "DNSSEC.",
			    NULL);
	}
}

bool
pst_survey_mail(struct pst_survey_part *part)
{
	struct mail mail = {.part = part, .domain = part->input->domain};
	struct pst_str domain = pst_str(mail.domain);

	part->survey->hosts = pst_arena_array(part->world->arena,
	    MAX_HOSTS + PST_SURVEY_MAX_IPS, sizeof(*part->survey->hosts));
	mail.mx = ask(&mail, domain, PST_DNS_MX);
	mail.a = ask(&mail, domain, PST_DNS_A);
	mail.aaaa = ask(&mail, domain, PST_DNS_AAAA);
	mail.txt = ask(&mail, domain, PST_DNS_TXT);
	if (mail.mx != NULL && !mail.pending)
		check_mx(&mail);
	check_given(&mail);
	if (mail.pending)
		return false;
	part->survey->exists = mail.mx->status != PST_DNS_NXDOMAIN;
	check_dnssec(&mail);
	return true;
}
