/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/advice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/endpoint.h"
#include "base/macros.h"
#include "config/advice_own.h"
#include "config/advice_sign.h"
#include "config/advice_text.h"
#include "config/option.h"

/* What the functions below read and write. */
struct adviser {
	const struct pst_config *config;
	struct pst_problems *problems;
};

void
pst_config_warn(const struct pst_config *config, struct pst_problems *problems,
    size_t option_index, const char *format, ...)
{
	struct pst_err sentence;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(sentence.text, sizeof(sentence.text), format, ap);
	va_end(ap);
	(void)pst_problems_add(problems, PST_PROBLEM_WARNING,
	    pst_config_file(config), pst_config_line(config, option_index),
	    "%s", sentence.text);
}

static bool
is_set(const struct adviser *to, const char *section, const char *name)
{
	return pst_config_line(to->config, pst_option_find(section, name)) != 0;
}

static void
warn(const struct adviser *to, const char *section, const char *name,
    const char *sentence)
{
	char path[80];
	size_t index = pst_option_find(section, name);

	pst_config_warn(to->config, to->problems, index, "%s: %s",
	    pst_option_path(&pst_options[index], path, sizeof(path)), sentence);
}

/* A network so wide that hardly one site owns it; NULL: there is none. */
static const char *
widest(const struct pst_net_set *set, char text[PST_IP_TEXT_SIZE + 4])
{
	for (size_t i = 0; i < set->count; i++) {
		const struct pst_net *net = &set->nets[i];
		bool is_v4 = net->base.family == PST_IP_V4;

		if (net->prefix_bits >= (is_v4 ? 8u : 16u))
			continue;
		(void)pst_ip_text(&net->base, text);
		(void)snprintf(text + strlen(text), 5, "/%u", net->prefix_bits);
		return text;
	}
	return NULL;
}

static void
check_networks(const struct adviser *to)
{
	const struct pst_config *config = to->config;
	const struct {
		const char *name;
		const struct pst_net_set *set;
		const char *meaning;
	} lists[] = {
	    {"trusted-networks", &config->trusted_networks.set,
		"its mail is not checked at all"},
	    {"forwarders", &config->forwarders.set,
		"its mail is not refused for a DMARC policy"},
	    {"relays", &config->relays.set,
		"the Received fields that it writes are believed"},
	    {"sign-networks", &config->sign_networks.set,
		"its mail is signed with your keys"},
	};
	char text[PST_IP_TEXT_SIZE + 4];

	for (size_t i = 0; i < PST_COUNT(lists); i++) {
		size_t index = pst_option_find(NULL, lists[i].name);
		const char *net = widest(lists[i].set, text);

		if (net != NULL)
			pst_config_warn(config, to->problems, index,
			    "%s: %s is very wide, and %s; name the networks "
			    "of your own hosts only",
			    lists[i].name, net, lists[i].meaning);
	}
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];
		const char *net = widest(&rule->client, text);

		if (net != NULL)
			(void)pst_problems_add(to->problems,
			    PST_PROBLEM_WARNING, pst_config_file(config),
			    rule->written[PST_RULE_CLIENT].line,
			    "rule \"%s\": client %s is very wide", rule->title,
			    net);
	}
}

/* True if the rule also asks for something that a tenant cannot make. */
static bool
has_other_proof(const struct pst_rule *rule)
{
	const unsigned passes = 1u << PST_RESULT_PASS;

	return rule->written[PST_RULE_CLIENT_NAME].line != 0 ||
	    rule->written[PST_RULE_DKIM_DOMAIN].line != 0 ||
	    rule->written[PST_RULE_ARC_SEALER].line != 0 ||
	    rule->dmarc == passes ||
	    (rule->aligned != 0 && (rule->aligned & PST_ALIGNED_NONE) == 0);
}

/* Entries "spf:": a provider sends the mail of all its customers. */
static void
check_spf_networks(const struct adviser *to)
{
	const struct pst_config *config = to->config;

	if (config->forwarders.set.spf_count > 0)
		pst_config_warn(config, to->problems,
		    pst_option_find(NULL, "forwarders"),
		    "forwarders: \"spf:%s\" means every tenant of that "
		    "provider: forged mail that any of them sends is treated "
		    "as on-quarantine says, not refused, whatever the policy "
		    "of its author; name only providers that forward mail "
		    "to you",
		    config->forwarders.set.spf[0]);
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];
		bool accepts = rule->action == PST_ACTION_ACCEPT;

		if (rule->client.spf_count == 0 || has_other_proof(rule))
			continue;
		(void)pst_problems_add(to->problems, PST_PROBLEM_WARNING,
		    pst_config_file(config),
		    rule->written[PST_RULE_CLIENT].line,
		    "rule \"%s\": client \"spf:%s\" means every tenant of "
		    "that provider%s",
		    rule->title, rule->client.spf[0],
		    accepts ? ", and nothing else proves who the sender is: "
			      "forged mail that any of them sends is accepted; "
			      "add dkim-domain or arc-sealer" :
			      ", not one sender; add a condition if you mean "
			      "one");
	}
}

static bool
is_temporary_place(const char *path)
{
	return strncmp(path, "/tmp/", 5) == 0 ||
	    strncmp(path, "/var/tmp/", 9) == 0 ||
	    strncmp(path, "/dev/shm/", 9) == 0;
}

static void
check_socket(const struct adviser *to, size_t index)
{
	const char *socket = pst_config_socket(to->config, index);
	unsigned line = pst_config_socket_line(to->config, index);
	struct pst_endpoint at;
	struct pst_err err;
	struct pst_ip ip;
	bool is_any = false;

	if (!pst_endpoint_parse(pst_str(socket), &at, &err))
		return;
	if (at.kind != PST_ENDPOINT_UNIX) {
		is_any = at.host[0] == '\0';
		if (pst_ip_parse(pst_str(at.host), &ip))
			is_any = ip.octets[0] == 0 &&
			    memcmp(ip.octets, ip.octets + 1,
				ip.family == PST_IP_V4 ? 3 : 15) == 0;
	}
	if (is_any)
		(void)pst_problems_add(to->problems, PST_PROBLEM_WARNING,
		    pst_config_file(to->config), line,
		    "the socket \"%s\" listens on every address of this host, "
		    "and a milter cannot tell who is an MTA; write "
		    "inet:%u@127.0.0.1, or a unix socket",
		    pst_escaped(to->problems->arena, pst_str(socket)), at.port);
	if (at.kind == PST_ENDPOINT_UNIX && is_temporary_place(at.path))
		(void)pst_problems_add(to->problems, PST_PROBLEM_WARNING,
		    pst_config_file(to->config), line,
		    "the socket \"%s\" is in a directory that everybody can "
		    "write, and that systemd may hide (PrivateTmp); choose one "
		    "of its own, such as /run/postern",
		    pst_escaped(to->problems->arena, pst_str(socket)));
}

/* A connection to a unix socket needs the permission to write. */
static void
check_umask(const struct adviser *to)
{
	unsigned mask = to->config->umask;

	if (!is_set(to, NULL, "umask"))
		return;
	if ((mask & 0600) != 0)
		warn(to, NULL, "umask",
		    "it takes away the owner's own permissions, so nothing "
		    "that posternd creates can be used; write 0007");
	else if ((mask & 0020) != 0)
		warn(to, NULL, "umask",
		    "members of the group cannot connect to a unix socket, "
		    "which usually means the MTA; write 0007");
	else if ((mask & 0002) == 0)
		warn(to, NULL, "umask",
		    "every user of this host can connect to a unix socket; "
		    "write 0007");
}

static void
check_listeners(const struct adviser *to)
{
	size_t count = pst_config_listeners(to->config);
	bool all = count > 0;

	for (size_t i = 0; i < count; i++) {
		check_socket(to, i);
		all = all && pst_config_at(to->config, i)->submission &&
		    !pst_config_at(to->config, i)->sign;
	}
	if (all)
		warn(to, NULL, "submission",
		    "every listener is for submission, so no mail is checked");
}

static bool
has_monitoring(const struct pst_config *config)
{
	for (size_t i = 0; i < pst_config_listeners(config); i++) {
		const struct pst_config *own = pst_config_at(config, i);

		if (own->mode == PST_MODE_MONITOR || own->enforce_percent < 100)
			return true;
	}
	return false;
}

static void
check_enforcement(const struct adviser *to)
{
	const struct pst_config *config = to->config;
	bool monitors = config->mode == PST_MODE_MONITOR;

	if (monitors && is_set(to, NULL, "enforce-percent"))
		warn(to, NULL, "enforce-percent",
		    "it has no effect in mode monitor");
	if (!monitors && config->enforce_percent == 0)
		warn(to, NULL, "enforce-percent",
		    "with 0 no message is refused or tagged; mode = monitor "
		    "says so plainly");
	if (!monitors && config->enforce_percent == 100 &&
	    is_set(to, NULL, "enforce-domains") && !has_monitoring(config))
		warn(to, NULL, "enforce-domains",
		    "in mode enforce every other domain is enforced, too; with "
		    "mode = monitor, only these are");
}

static void
check_dns(const struct adviser *to)
{
	const struct pst_config *config = to->config;

	if (config->dns.zone[0] != '\0')
		warn(to, "dns", "zone",
		    "the DNS is not asked, all answers come from this file; "
		    "remove it after the test");
	if (config->dns.query_timeout_ms > config->deadline_ms)
		warn(to, "dns", "query-timeout",
		    "it is longer than deadline, so a message never waits so "
		    "long; lower it");
	if (config->dkim.min_key_bits > 2048)
		warn(to, "dkim", "min-key-bits",
		    "nearly all senders have keys of 2048 bits or less, so "
		    "their signatures will not pass; write 1024 or 2048");
}

/* What depends on the HELO name, which is not checked. */
static void
check_helo(const struct adviser *to)
{
	const struct pst_config *config = to->config;
	bool acts = config->on_helo_fail != PST_ACTION_ACCEPT;

	if (config->spf.check_helo)
		return;
	for (size_t i = 0; i < pst_config_listeners(config); i++)
		acts |=
		    pst_config_at(config, i)->on_helo_fail != PST_ACTION_ACCEPT;
	if (acts)
		warn(to, NULL, "on-helo-fail",
		    "it has no effect, as the HELO name is not checked; set "
		    "spf.check-helo = yes");
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];
		unsigned line = rule->written[PST_RULE_SPF_HELO].line;

		if (line != 0)
			(void)pst_problems_add(to->problems,
			    PST_PROBLEM_WARNING, pst_config_file(config), line,
			    "rule \"%s\": spf-helo requires spf.check-helo = "
			    "yes; without it, it is always none",
			    rule->title);
	}
}

static void
check_reports(const struct adviser *to)
{
	static const char *const useless[] = {
	    "dkim-key", "relay-user", "bounces", "org-name", "contact"};
	const struct pst_config *config = to->config;
	const char *relay = config->reports.relay;

	for (size_t i = 0;
	     i < PST_COUNT(useless) && config->reports.from[0] == '\0'; i++) {
		if (is_set(to, "reports", useless[i]))
			warn(to, "reports", useless[i],
			    "it has no effect, as no reports are made without "
			    "reports.from");
	}
	if (strchr(relay, '@') != NULL)
		warn(to, "reports", "relay",
		    "a user and a password belong in reports.relay-user and "
		    "reports.relay-password-file");
	if (pst_str_starts(pst_str(relay), PST_STR("smtp://")) &&
	    strlen(relay) > 4 && strcmp(relay + strlen(relay) - 4, ":465") == 0)
		warn(to, "reports", "relay",
		    "port 465 speaks TLS from the first octet on; write "
		    "smtps://");
	if (config->store.retention_s < config->reports.retry_for_s)
		warn(to, "store", "retention",
		    "it is shorter than reports.retry-for, so rows are gone "
		    "before their report is given up");
}

/* A field of a rule that a mark is, too: both are added to one message. */
static void
check_also(const struct adviser *to, const struct pst_rule *rule)
{
	const struct pst_marks *marks = &to->config->marks;

	for (size_t i = 0; i < rule->also_count; i++) {
		for (size_t k = 0; k < marks->count; k++) {
			if (!pst_str_ieq(pst_str(rule->also[i].name),
				pst_str(marks->items[k].name)))
				continue;
			(void)pst_problems_add(to->problems,
			    PST_PROBLEM_WARNING, pst_config_file(to->config),
			    rule->written[PST_RULE_ALSO].line,
			    "rule \"%s\": also: %s is a mark of tagged mail, "
			    "too, so other programs take this mail for tagged; "
			    "choose another name",
			    rule->title, rule->also[i].name);
		}
	}
}

static void
check_fields(const struct adviser *to)
{
	const struct pst_config *config = to->config;

	for (size_t i = 0; i < config->strip_fields.count; i++) {
		const char *one = config->strip_fields.items[i];

		if (pst_str_ieq(pst_str(one), PST_STR("X-*")))
			warn(to, NULL, "strip-fields",
			    "X-* removes fields that users and their programs "
			    "need, such as X-Mailer and X-Priority, and breaks "
			    "signatures; name the fields of your filters");
	}
	if (config->strip_fields.count == 0 &&
	    is_set(to, NULL, "strip-fields-signed"))
		warn(to, NULL, "strip-fields-signed",
		    "it has no effect, as strip-fields is empty");
	for (size_t i = 0; i < config->rules.count; i++)
		check_also(to, &config->rules.items[i]);
}

/* Files that the daemon may open again from another directory. */
static void
check_paths(const struct adviser *to)
{
	const struct {
		const char *section;
		const char *name;
		const char *path;
	} files[] = {
	    {NULL, "enforce-secret-file", to->config->enforce_secret_file},
	    {NULL, "pid-file", to->config->pid_file},
	    {"dns", "zone", to->config->dns.zone},
	    {"dmarc", "public-suffix-list",
		to->config->dmarc.public_suffix_list},
	    {"reports", "dkim-key", to->config->reports.dkim_key},
	    {"reports", "relay-password-file",
		to->config->reports.relay_password_file},
	};

	for (size_t i = 0; i < PST_COUNT(files); i++) {
		if (files[i].path[0] != '\0' && files[i].path[0] != '/')
			warn(to, files[i].section, files[i].name,
			    "the path does not begin with /, so it depends on "
			    "the directory in which a program starts");
	}
	if (strcmp(to->config->user, "root") == 0)
		warn(to, NULL, "user",
		    "posternd keeps all of root's power, which it does not "
		    "need; write a user of its own, such as postern");
}

/*
 * A field without a domain that is evaluated must not be a way around a refusal
 * of mail for which nothing vouches.
 */
static void
check_unauthenticated(const struct adviser *to)
{
	const struct pst_config *config = to->config;

	if (config->on_unauthenticated == PST_ACTION_REJECT &&
	    config->on_multiple_from == PST_ACTION_ACCEPT &&
	    !config->dmarc.evaluate_all)
		warn(to, NULL, "on-unauthenticated",
		    "a second domain in the From field gets around it, as "
		    "on-multiple-from is accept; write dmarc.evaluate-all = "
		    "yes");
	if (config->on_unauthenticated == PST_ACTION_REJECT &&
	    config->on_no_author_domain == PST_ACTION_ACCEPT)
		warn(to, NULL, "on-unauthenticated",
		    "a From field without a domain gets around it, as "
		    "on-no-author-domain is accept; write tag or reject there");
	if (config->spf.weak_pass == PST_WEAK_PASS_IGNORE &&
	    config->spf.weak_range_bits > 24)
		warn(to, "spf", "weak-pass",
		    "many senders name networks of 256 addresses, and with so "
		    "small a weak-range their SPF passes are ignored; write "
		    "weak-range = /8");
}

void
pst_config_advise(
    const struct pst_config *config, struct pst_problems *problems)
{
	const struct adviser to = {config, problems};

	check_networks(&to);
	check_spf_networks(&to);
	check_listeners(&to);
	check_umask(&to);
	check_enforcement(&to);
	check_unauthenticated(&to);
	check_dns(&to);
	check_helo(&to);
	check_reports(&to);
	check_fields(&to);
	check_paths(&to);
	pst_advise_texts(config, problems);
	pst_advise_own(config, problems);
	pst_advise_sign(config, problems);
}
