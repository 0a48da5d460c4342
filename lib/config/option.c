/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "base/macros.h"
#include "config/option_check.h"

static const struct pst_option_word mode_words[] = {
    {"enforce", PST_MODE_ENFORCE},
    {"monitor", PST_MODE_MONITOR},
    {NULL, 0},
};

static const struct pst_option_word on_reject_words[] = {
    {"unless-indirect", PST_ON_REJECT_UNLESS_INDIRECT},
    {"always", PST_ON_REJECT_ALWAYS},
    {"quarantine", PST_ON_REJECT_QUARANTINE},
    {"accept", PST_ON_REJECT_ACCEPT},
    {NULL, 0},
};

/* tempfail is not among them: these faults do not go away with time. */
static const struct pst_option_word final_words[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"quarantine", PST_ACTION_QUARANTINE},
    {"reject", PST_ACTION_REJECT},
    {NULL, 0},
};

static const struct pst_option_word temporary_words[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {NULL, 0},
};

/* The same for one kind of look-up; `same` refers to on-temperror. */
static const struct pst_option_word look_up_words[] = {
    {"same", PST_ACTION_SAME},
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {NULL, 0},
};

static const struct pst_option_word internal_words[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {NULL, 0},
};

static const struct pst_option_word fallback_words[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"reject", PST_ACTION_REJECT},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {NULL, 0},
};

static const struct pst_option_word discovery_words[] = {
    {"treewalk", PST_DMARC_TREEWALK},
    {"psl", PST_DMARC_PSL},
    {"compare", PST_DMARC_COMPARE},
    {NULL, 0},
};

static const struct pst_option_word compat_words[] = {
    {"rfc9990", PST_REPORT_RFC9990},
    {"rfc7489", PST_REPORT_RFC7489},
    {NULL, 0},
};

static const struct pst_option_word format_words[] = {
    {"gzip", PST_REPORT_GZIP},
    {"xml", PST_REPORT_XML},
    {NULL, 0},
};

static const struct pst_option_word tls_words[] = {
    {"no", PST_RELAY_TLS_NO},
    {"if-offered", PST_RELAY_TLS_IF_OFFERED},
    {"required", PST_RELAY_TLS_REQUIRED},
    {NULL, 0},
};

static const struct pst_option_word target_words[] = {
    {"auto", PST_LOG_TO_AUTO},
    {"syslog", PST_LOG_TO_SYSLOG},
    {"stderr", PST_LOG_TO_STDERR},
    {NULL, 0},
};

static const struct pst_option_word facility_words[] = {
    {"mail", LOG_MAIL},
    {"daemon", LOG_DAEMON},
    {"user", LOG_USER},
    {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1},
    {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7},
    {NULL, 0},
};

static const struct pst_option_word level_words[] = {
    {"error", PST_LOG_ERROR},
    {"warning", PST_LOG_WARNING},
    {"notice", PST_LOG_NOTICE},
    {"info", PST_LOG_INFO},
    {"debug", PST_LOG_DEBUG},
    {NULL, 0},
};

#define AT(member) offsetof(struct pst_config, member)
#define UINT_LIMIT 1000000
#define DAY_MS UINT64_C(86400000)

const struct pst_option pst_options[] = {
    {NULL, "mode", PST_OPTION_WORD, AT(mode), "enforce", 0, 0, mode_words, NULL,
	false, true},
    {NULL, "enforce-percent", PST_OPTION_NUMBER, AT(enforce_percent), "100", 0,
	100, NULL, NULL, false, true},
    {NULL, "enforce-domains", PST_OPTION_DOMAIN_SET, AT(enforce_domains), "", 0,
	0, NULL, NULL, false, false},
    {NULL, "monitor-domains", PST_OPTION_DOMAIN_SET, AT(monitor_domains), "", 0,
	0, NULL, NULL, false, false},
    {NULL, "authserv-id", PST_OPTION_TEXT, AT(authserv_id), "", 0, 0, NULL,
	pst_option_check_id, false, true},
    {NULL, "authserv-id-aliases", PST_OPTION_DOMAINS, AT(authserv_id_aliases),
	"", 0, 0, NULL, NULL, false, false},
    {NULL, "listen", PST_OPTION_TEXTS, AT(listen),
	"unix:/var/spool/postfix/postern/postern.sock", 0, 0, NULL,
	pst_option_check_socket, true, false},
    {NULL, "user", PST_OPTION_TEXT, AT(user), "postern", 0, 0, NULL, NULL, true,
	false},
    {NULL, "group", PST_OPTION_TEXT, AT(group), "", 0, 0, NULL, NULL, true,
	false},
    {NULL, "pid-file", PST_OPTION_TEXT, AT(pid_file), "", 0, 0, NULL, NULL,
	true, false},
    {NULL, "control-socket", PST_OPTION_TEXT, AT(control_socket),
	"/run/postern/control", 0, 0, NULL, pst_option_check_control, true,
	false},
    {NULL, "umask", PST_OPTION_OCTAL, AT(umask), "0007", 0, 0777, NULL, NULL,
	true, false},
    {NULL, "read-ahead", PST_OPTION_SWITCH, AT(read_ahead), "yes", 0, 0, NULL,
	NULL, true, false},
    {NULL, "deadline", PST_OPTION_DURATION, AT(deadline_ms), "30s", 100, 250000,
	NULL, NULL, false, false},
    {NULL, "drain", PST_OPTION_DURATION, AT(drain_ms), "20s", 0, 250000, NULL,
	NULL, false, false},
    {NULL, "trusted-networks", PST_OPTION_NETWORKS, AT(trusted_networks),
	"127.0.0.0/8,::1", 0, 0, NULL, NULL, false, false},
    {NULL, "forwarders", PST_OPTION_NETWORKS, AT(forwarders), "", 0, 0, NULL,
	NULL, false, false},
    {NULL, "relays", PST_OPTION_NETWORKS, AT(relays), "", 0, 0, NULL, NULL,
	false, false},
    {NULL, "relay-names", PST_OPTION_DOMAINS, AT(relay_names), "", 0, 0, NULL,
	NULL, false, false},
    {NULL, "submission", PST_OPTION_SWITCH, AT(submission), "no", 0, 0, NULL,
	NULL, false, true},
    {NULL, "evaluate-authenticated", PST_OPTION_SWITCH,
	AT(evaluate_authenticated), "no", 0, 0, NULL, NULL, false, true},
    {NULL, "on-reject", PST_OPTION_WORD, AT(on_reject), "unless-indirect", 0, 0,
	on_reject_words, NULL, false, true},
    {NULL, "on-quarantine", PST_OPTION_WORD, AT(on_quarantine), "tag", 0, 0,
	final_words, NULL, false, true},
    {NULL, "on-temperror", PST_OPTION_WORD, AT(on_temperror), "accept", 0, 0,
	temporary_words, NULL, false, true},
    {NULL, "on-policy-temperror", PST_OPTION_WORD, AT(on_policy_temperror),
	"same", 0, 0, look_up_words, NULL, false, true},
    {NULL, "on-spf-temperror", PST_OPTION_WORD, AT(on_spf_temperror), "same", 0,
	0, look_up_words, NULL, false, true},
    {NULL, "on-dkim-temperror", PST_OPTION_WORD, AT(on_dkim_temperror), "same",
	0, 0, look_up_words, NULL, false, true},
    {NULL, "on-iprev-temperror", PST_OPTION_WORD, AT(on_iprev_temperror),
	"accept", 0, 0, temporary_words, NULL, false, true},
    {NULL, "temperror-cap", PST_OPTION_DURATION, AT(temperror_cap_ms), "10min",
	0, 86400000, NULL, NULL, false, false},
    {NULL, "on-missing-from", PST_OPTION_WORD, AT(on_missing_from), "reject", 0,
	0, final_words, NULL, false, true},
    {NULL, "on-several-from-fields", PST_OPTION_WORD, AT(on_several_from),
	"reject", 0, 0, final_words, NULL, false, true},
    {NULL, "on-malformed-from", PST_OPTION_WORD, AT(on_malformed_from),
	"reject", 0, 0, final_words, NULL, false, true},
    {NULL, "on-encoded-from", PST_OPTION_WORD, AT(on_encoded_from), "reject", 0,
	0, final_words, NULL, false, true},
    {NULL, "on-multiple-from", PST_OPTION_WORD, AT(on_multiple_from), "reject",
	0, 0, final_words, NULL, false, true},
    {NULL, "on-spf-fail", PST_OPTION_WORD, AT(on_spf_fail), "accept", 0, 0,
	final_words, NULL, false, true},
    {NULL, "on-spf-softfail", PST_OPTION_WORD, AT(on_spf_softfail), "accept", 0,
	0, final_words, NULL, false, true},
    {NULL, "on-iprev-fail", PST_OPTION_WORD, AT(on_iprev_fail), "accept", 0, 0,
	final_words, NULL, false, true},
    {NULL, "dkim-required", PST_OPTION_DOMAIN_SET, AT(dkim_required), "", 0, 0,
	NULL, NULL, false, false},
    {NULL, "on-dkim-missing", PST_OPTION_WORD, AT(on_dkim_missing), "reject", 0,
	0, final_words, NULL, false, true},
    {NULL, "on-internal-error", PST_OPTION_WORD, AT(on_internal_error),
	"tempfail", 0, 0, internal_words, NULL, false, false},
    {NULL, "quarantine-fallback", PST_OPTION_WORD, AT(quarantine_fallback),
	"tag", 0, 0, fallback_words, NULL, false, true},
    {NULL, "reject-text", PST_OPTION_TEXT, AT(reject_text),
	"Message refused by DMARC policy of {domain}", 0, 0, NULL,
	pst_option_check_reply, false, false},
    {NULL, "tempfail-text", PST_OPTION_TEXT, AT(tempfail_text),
	"Temporary DNS failure while checking the sender, please try again "
	"later",
	0, 0, NULL, pst_option_check_reply, false, false},
    {NULL, "malformed-text", PST_OPTION_TEXT, AT(malformed_text),
	"Message refused: exactly one From header field with exactly one "
	"domain is required",
	0, 0, NULL, pst_option_check_reply, false, false},
    {NULL, "refused-text", PST_OPTION_TEXT, AT(refused_text),
	"Message refused by local policy: {reason}", 0, 0, NULL,
	pst_option_check_reply, false, false},
    {NULL, "tag-header", PST_OPTION_TEXT, AT(tag_header), "X-Spam-Flag", 0, 0,
	NULL, pst_option_check_field_name, false, true},
    {NULL, "tag-value", PST_OPTION_TEXT, AT(tag_value), "YES", 0, 0, NULL,
	pst_option_check_field_value, false, true},

    {"dns", "servers", PST_OPTION_TEXTS, AT(dns.servers), "", 0, 0, NULL,
	pst_option_check_server, true, false},
    {"dns", "query-timeout", PST_OPTION_DURATION, AT(dns.query_timeout_ms),
	"5s", 10, 60000, NULL, NULL, false, false},
    {"dns", "max-queries", PST_OPTION_NUMBER, AT(dns.max_queries), "150", 50,
	10000, NULL, NULL, false, false},
    {"dns", "max-open", PST_OPTION_NUMBER, AT(dns.max_open), "4096", 16, 65536,
	NULL, NULL, true, false},
    {"dns", "cache-size", PST_OPTION_SIZE, AT(dns.cache_bytes), "8M", 65536,
	UINT64_C(1) << 40, NULL, NULL, true, false},
    {"dns", "max-txt", PST_OPTION_SIZE, AT(dns.max_txt_bytes), "16k", 512,
	65535, NULL, NULL, false, false},
    {"dns", "zone", PST_OPTION_TEXT, AT(dns.zone), "", 0, 0, NULL, NULL, true,
	false},

    {"iprev", "enabled", PST_OPTION_SWITCH, AT(iprev.enabled), "yes", 0, 0,
	NULL, NULL, false, false},

    {"spf", "void-lookups", PST_OPTION_NUMBER, AT(spf.void_lookups), "2", 0,
	100, NULL, NULL, false, false},

    {"dkim", "max-verified", PST_OPTION_NUMBER, AT(dkim.max_verified), "10", 1,
	100, NULL, NULL, false, false},
    {"dkim", "max-parsed", PST_OPTION_NUMBER, AT(dkim.max_parsed), "50", 1,
	1000, NULL, NULL, false, false},
    {"dkim", "min-key-bits", PST_OPTION_NUMBER, AT(dkim.min_key_bits), "1024",
	1024, 4096, NULL, NULL, false, false},
    {"dkim", "clock-skew", PST_OPTION_SECONDS, AT(dkim.clock_skew_s), "5min", 0,
	86400000, NULL, NULL, false, false},
    {"dkim", "accept-body-length", PST_OPTION_SWITCH,
	AT(dkim.accept_body_length), "no", 0, 0, NULL, NULL, false, false},
    {"dkim", "accept-test-keys", PST_OPTION_SWITCH, AT(dkim.accept_test_keys),
	"yes", 0, 0, NULL, NULL, false, false},
    {"dkim", "accept-unsigned-copies", PST_OPTION_SWITCH,
	AT(dkim.accept_unsigned_copies), "no", 0, 0, NULL, NULL, false, false},

    {"dmarc", "discovery", PST_OPTION_WORD, AT(dmarc.discovery), "treewalk", 0,
	0, discovery_words, NULL, false, false},
    {"dmarc", "public-suffix-list", PST_OPTION_TEXT,
	AT(dmarc.public_suffix_list),
	"/usr/share/publicsuffix/public_suffix_list.dat", 0, 0, NULL, NULL,
	false, false},
    {"dmarc", "suffix-guard", PST_OPTION_SWITCH, AT(dmarc.suffix_guard), "yes",
	0, 0, NULL, NULL, false, false},
    {"dmarc", "evaluate-all", PST_OPTION_SWITCH, AT(dmarc.evaluate_all), "no",
	0, 0, NULL, NULL, false, false},
    {"dmarc", "max-author-domains", PST_OPTION_NUMBER,
	AT(dmarc.max_author_domains), "4", 1, 32, NULL, NULL, false, false},

    {"arc", "verify", PST_OPTION_SWITCH, AT(arc.verify), "no", 0, 0, NULL, NULL,
	false, false},
    {"arc", "max-sets", PST_OPTION_NUMBER, AT(arc.max_sets), "10", 1, 50, NULL,
	NULL, false, false},
    {"arc", "trusted-sealers", PST_OPTION_DOMAIN_SET, AT(arc.trusted_sealers),
	"", 0, 0, NULL, NULL, false, false},

    {"header", "max-fields", PST_OPTION_NUMBER, AT(header.max_fields), "1000",
	50, UINT_LIMIT, NULL, NULL, false, false},
    {"header", "max-field-size", PST_OPTION_SIZE, AT(header.max_field_bytes),
	"64k", 1024, 65536 * 16, NULL, NULL, false, false},
    {"header", "max-size", PST_OPTION_SIZE, AT(header.max_total_bytes), "512k",
	8192, UINT64_C(1) << 30, NULL, NULL, false, false},

    {"store", "path", PST_OPTION_TEXT, AT(store.path),
	"/var/lib/postern/postern.db", 0, 0, NULL, pst_option_check_path, true,
	false},
    {"store", "postgresql", PST_OPTION_TEXT, AT(store.postgresql), "", 0, 0,
	NULL, NULL, true, false},
    {"store", "wait", PST_OPTION_DURATION, AT(store.wait_ms), "50ms", 0, 5000,
	NULL, NULL, false, false},
    {"store", "max-waiting", PST_OPTION_NUMBER, AT(store.max_waiting), "10000",
	100, UINT_LIMIT, NULL, NULL, true, false},
    {"store", "max-rows", PST_OPTION_NUMBER, AT(store.max_rows), "50000", 100,
	UINT_LIMIT, NULL, NULL, true, false},
    {"store", "retention", PST_OPTION_SECONDS, AT(store.retention_s), "30d",
	2 * DAY_MS, 3660 * DAY_MS, NULL, NULL, true, false},
    {"store", "imported-retention", PST_OPTION_SECONDS,
	AT(store.imported_retention_s), "400d", 2 * DAY_MS, 3660 * DAY_MS, NULL,
	NULL, true, false},

    {"reports", "from", PST_OPTION_TEXT, AT(reports.from), "", 0, 0, NULL,
	pst_option_check_mailbox, false, false},
    {"reports", "org-name", PST_OPTION_TEXT, AT(reports.org_name), "", 0, 0,
	NULL, pst_option_check_line, false, false},
    {"reports", "contact", PST_OPTION_TEXT, AT(reports.contact), "", 0, 0, NULL,
	pst_option_check_line, false, false},
    {"reports", "compat", PST_OPTION_WORD, AT(reports.compat), "rfc9990", 0, 0,
	compat_words, NULL, false, false},
    {"reports", "format", PST_OPTION_WORD, AT(reports.format), "gzip", 0, 0,
	format_words, NULL, false, false},
    {"reports", "recipient-domains", PST_OPTION_SWITCH,
	AT(reports.recipient_domains), "no", 0, 0, NULL, NULL, false, false},
    {"reports", "skip-domains", PST_OPTION_DOMAIN_SET, AT(reports.skip_domains),
	"", 0, 0, NULL, NULL, false, false},
    {"reports", "skip-recipients", PST_OPTION_TEXTS,
	AT(reports.skip_recipients), "", 0, 0, NULL, pst_option_check_mailbox,
	false, false},
    {"reports", "allow-destinations", PST_OPTION_DOMAIN_SET,
	AT(reports.allow_destinations), "", 0, 0, NULL, NULL, false, false},
    {"reports", "deny-destinations", PST_OPTION_DOMAIN_SET,
	AT(reports.deny_destinations), "", 0, 0, NULL, NULL, false, false},
    {"reports", "own-domain-only", PST_OPTION_SWITCH,
	AT(reports.own_domain_only), "no", 0, 0, NULL, NULL, false, false},
    {"reports", "max-addresses", PST_OPTION_NUMBER, AT(reports.max_addresses),
	"10", 1, 20, NULL, NULL, false, false},
    {"reports", "max-per-day", PST_OPTION_NUMBER, AT(reports.max_per_day),
	"1000", 1, UINT_LIMIT, NULL, NULL, false, false},
    {"reports", "max-size", PST_OPTION_SIZE, AT(reports.max_bytes), "10M",
	65536, UINT64_C(1) << 27, NULL, NULL, false, false},
    {"reports", "pause", PST_OPTION_DURATION, AT(reports.pause_ms), "200ms", 0,
	60000, NULL, NULL, false, false},
    {"reports", "retry-for", PST_OPTION_SECONDS, AT(reports.retry_for_s), "2d",
	3600000, 30 * DAY_MS, NULL, NULL, false, false},
    {"reports", "relay", PST_OPTION_TEXT, AT(reports.relay),
	"smtp://127.0.0.1:25", 0, 0, NULL, pst_option_check_relay, false,
	false},
    {"reports", "relay-tls", PST_OPTION_WORD, AT(reports.relay_tls),
	"if-offered", 0, 0, tls_words, NULL, false, false},
    {"reports", "relay-user", PST_OPTION_TEXT, AT(reports.relay_user), "", 0, 0,
	NULL, pst_option_check_line, false, false},
    {"reports", "relay-password-file", PST_OPTION_TEXT,
	AT(reports.relay_password_file), "", 0, 0, NULL, NULL, false, false},
    {"reports", "bounces", PST_OPTION_TEXT, AT(reports.bounces), "", 0, 0, NULL,
	pst_option_check_mailbox, false, false},
    {"reports", "suppress-for", PST_OPTION_SECONDS, AT(reports.suppress_for_s),
	"30d", 3600000, 366 * DAY_MS, NULL, NULL, false, false},
    {"reports", "dkim-key", PST_OPTION_TEXT, AT(reports.dkim_key), "", 0, 0,
	NULL, NULL, false, false},
    {"reports", "dkim-selector", PST_OPTION_TEXT, AT(reports.dkim_selector), "",
	0, 0, NULL, pst_option_check_name, false, false},
    {"reports", "dkim-domain", PST_OPTION_TEXT, AT(reports.dkim_domain), "", 0,
	0, NULL, pst_option_check_name, false, false},

    {"failure-reports", "domains", PST_OPTION_DOMAIN_SET, AT(failures.domains),
	"", 0, 0, NULL, NULL, false, false},
    {"failure-reports", "all-domains", PST_OPTION_SWITCH,
	AT(failures.all_domains), "no", 0, 0, NULL, NULL, false, false},
    {"failure-reports", "recipients", PST_OPTION_SWITCH,
	AT(failures.recipients), "no", 0, 0, NULL, NULL, false, false},
    {"failure-reports", "subject", PST_OPTION_SWITCH, AT(failures.subject),
	"no", 0, 0, NULL, NULL, false, false},
    {"failure-reports", "max-per-hour", PST_OPTION_NUMBER,
	AT(failures.max_per_hour), "100", 1, 10000, NULL, NULL, false, false},
    {"failure-reports", "max-per-domain", PST_OPTION_NUMBER,
	AT(failures.max_per_domain), "10", 1, 10000, NULL, NULL, false, false},
    {"failure-reports", "max-per-destination", PST_OPTION_NUMBER,
	AT(failures.max_per_destination), "10", 1, 10000, NULL, NULL, false,
	false},

    {"log", "target", PST_OPTION_WORD, AT(log.target), "auto", 0, 0,
	target_words, NULL, true, false},
    {"log", "facility", PST_OPTION_WORD, AT(log.facility), "mail", 0, 0,
	facility_words, NULL, true, false},
    {"log", "level", PST_OPTION_WORD, AT(log.level), "info", 0, 0, level_words,
	NULL, false, false},
};

const size_t pst_option_count = PST_COUNT(pst_options);

const char *const pst_option_sections[] = {"dns", "iprev", "spf", "dkim",
    "dmarc", "arc", "header", "store", "reports", "failure-reports", "log",
    NULL};

const char *
pst_option_section(const char *name)
{
	for (size_t i = 0; pst_option_sections[i] != NULL; i++) {
		if (strcmp(pst_option_sections[i], name) == 0)
			return pst_option_sections[i];
	}
	return NULL;
}

const char *
pst_option_path(const struct pst_option *option, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s%s",
	    option->section == NULL ? "" : option->section,
	    option->section == NULL ? "" : ".", option->name);
	return buf;
}

static bool
same_section(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

size_t
pst_option_find(const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < pst_option_count; i++) {
		if (same_section(pst_options[i].section, section) &&
		    strcmp(pst_options[i].name, name) == 0)
			break;
	}
	return i;
}
