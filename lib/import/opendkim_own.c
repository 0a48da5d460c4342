/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/opendkim_own.h"

#include <string.h>

#include "import/opendkim_hosts.h"
#include "import/opendkim_tables.h"

const struct pst_opendkim_setting *
pst_opendkim_setting(
    const struct pst_opendkim_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->count; i++)
		if (settings->items[i].in_effect &&
		    strcmp(settings->items[i].option->name, name) == 0)
			return &settings->items[i];
	return NULL;
}

static bool
is_set(const struct pst_opendkim_settings *settings, const char *name)
{
	return pst_opendkim_setting(settings, name) != NULL;
}

bool
pst_opendkim_is_on(
    const struct pst_opendkim_settings *settings, const char *name)
{
	const struct pst_opendkim_setting *setting =
	    pst_opendkim_setting(settings, name);

	return setting != NULL && setting->at.value.len > 0 &&
	    strchr("tTyY1", setting->at.value.ptr[0]) != NULL;
}

static void
say(const struct pst_opendkim_settings *settings, enum pst_import_kind kind,
    const struct pst_opendkim_setting *setting, const char *text,
    const char *now)
{
	pst_import_add(settings->import, kind, &setting->at, text, now);
}

/* ---- what is signed ---- */

static void
own_key_table(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	const struct pst_opendkim_setting *signing =
	    pst_opendkim_setting(settings, "SigningTable");
	struct pst_opendkim_tables tables = {.base = settings->base};

	if (signing == NULL) {
		say(settings, PST_IMPORT_ANSWER, setting,
		    "There is no SigningTable, so the tables do not tell whose "
		    "mail is signed. Add a section sign for each domain.",
		    NULL);
		return;
	}
	tables.key_table = setting->at;
	tables.signing_table = signing->at;
	tables.multiple = pst_opendkim_is_on(settings, "MultipleSignatures");
	pst_opendkim_tables(settings->import, &tables);
}

static void
own_signing_table(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	if (!is_set(settings, "KeyTable"))
		say(settings, PST_IMPORT_ANSWER, setting,
		    "There is no KeyTable, so its key names mean nothing, and "
		    "opendkim does not start.",
		    NULL);
}

/* Domain, Selector and KeyFile, of which Domain does the work. */
static void
own_single(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	const struct pst_opendkim_setting *domain = pst_opendkim_setting(
					      settings, "Domain"),
					  *selector = pst_opendkim_setting(
					      settings, "Selector"),
					  *key_file = pst_opendkim_setting(
					      settings, "KeyFile");
	struct pst_opendkim_single single = {.base = settings->base};

	if (is_set(settings, "KeyTable")) {
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "opendkim ignores it, since there is a KeyTable.", NULL);
		return;
	}
	if (domain == NULL || selector == NULL || key_file == NULL) {
		say(settings, PST_IMPORT_ANSWER, setting,
		    "Domain, Selector and KeyFile belong together, and one of "
		    "them is missing, so nothing was signed. Add the section "
		    "sign by hand.",
		    NULL);
		return;
	}
	if (setting != domain)
		return;
	single.domain = domain->at;
	single.selector = selector->at;
	single.key_file = key_file->at;
	single.subdomains = pst_opendkim_is_on(settings, "SubDomains");
	pst_opendkim_single(settings->import, &single);
}

static void
own_subdomains(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	if (is_set(settings, "KeyTable"))
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "opendkim ignores it, since there is a KeyTable.", NULL);
	else
		say(settings, PST_IMPORT_TAKEN, setting,
		    "as subdomains in the sections sign", NULL);
}

static void
own_multiple(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	say(settings, PST_IMPORT_TAKEN, setting,
	    "as the number of keys in the sections sign", NULL);
}

/* ---- how it is signed ---- */

static void
own_canonicalization(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	if (pst_str_ieq(setting->at.value, PST_STR("relaxed/relaxed")))
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "Postern always signs like this.", NULL);
	else
		say(settings, PST_IMPORT_CHANGED, setting,
		    "It signed with this canonicalization (\"simple\" where "
		    "nothing is said).",
		    "It signs with relaxed/relaxed, which survives changes of "
		    "white space on the way.");
}

static void
own_algorithm(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	if (pst_str_ieq(setting->at.value, PST_STR("rsa-sha1")))
		say(settings, PST_IMPORT_CHANGED, setting,
		    "It signed with SHA-1, which nobody counts (RFC 8301).",
		    "It signs with SHA-256.");
	else
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "The type of the key decides: rsa-sha256 or "
		    "ed25519-sha256.",
		    NULL);
}

/* Fields that auth/dkim_sign signs once more than they are there. */
static bool
is_oversigned(struct pst_str name)
{
	static const struct pst_str names[] = {
	    PST_STR_INIT("From"),
	    PST_STR_INIT("To"),
	    PST_STR_INIT("Cc"),
	    PST_STR_INIT("Subject"),
	    PST_STR_INIT("Date"),
	    PST_STR_INIT("Reply-To"),
	    PST_STR_INIT("Message-ID"),
	    PST_STR_INIT("In-Reply-To"),
	    PST_STR_INIT("References"),
	    PST_STR_INIT("MIME-Version"),
	    PST_STR_INIT("Content-Type"),
	    PST_STR_INIT("Content-Transfer-Encoding"),
	};

	for (size_t i = 0; i < PST_COUNT(names); i++)
		if (pst_str_ieq(name, names[i]))
			return true;
	return false;
}

static void
own_oversign(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	struct pst_str rest = setting->at.value, part;
	bool more = true, all = true;

	while (pst_str_split(&rest, ',', &part, &more))
		if (!is_oversigned(pst_str_trim(part)))
			all = false;
	if (all)
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "Postern always signs these fields once more.", NULL);
	else
		say(settings, PST_IMPORT_CHANGED, setting,
		    "It signed these fields once more than they were there, so "
		    "that nobody can add one.",
		    "It does so for the fields that a reader sees, and not for "
		    "those that mailing lists and relays add.");
}

/* ---- for whom ---- */

static void
own_mode(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	struct pst_str mode = setting->at.value;

	if (!pst_str_eq(mode, PST_STR("s")) &&
	    !pst_str_eq(mode, PST_STR("v")) &&
	    !pst_str_eq(mode, PST_STR("sv")) &&
	    !pst_str_eq(mode, PST_STR("vs")))
		say(settings, PST_IMPORT_ANSWER, setting,
		    "opendkim knows the modes s, v and sv, and does not start "
		    "with this. It is read by the letters in it.",
		    NULL);
	else if (!settings->signs)
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "opendkim only verified, as Postern's other listener does: "
		    "nothing of it is needed for signing.",
		    NULL);
	else
		say(settings, PST_IMPORT_TAKEN, setting,
		    settings->verifies ?
			"as a listener that signs; Postern verifies at "
			"another one" :
			"as a listener that signs",
		    NULL);
}

static void
own_hosts(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	pst_opendkim_hosts(settings->import, &setting->at, settings->base);
}

static void
own_mta(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	say(settings, PST_IMPORT_CHANGED, setting,
	    "It signed the mail of the MTA's services with this name "
	    "(milter_macro_daemon_name, DaemonPortOptions).",
	    "It signs the mail of the services that use the signing listener: "
	    "name its socket in their smtpd_milters. Clients there must log "
	    "in or be in sign-networks.");
}

static void
own_socket(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	say(settings, PST_IMPORT_CHANGED, setting,
	    "The MTA reached opendkim here.",
	    "The signing listener has a socket of its own; put it in the MTA "
	    "where this one is, and opendkim can stay ready until then.");
}

static void
own_user(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	say(settings, PST_IMPORT_CHANGED, setting,
	    "It read the key files as this user.",
	    "It reads copies of them as the user postern: see the commands "
	    "above the sections.");
}

static void
own_base(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	say(settings, PST_IMPORT_UNNEEDED, setting,
	    "It is only for relative paths, which were made absolute.", NULL);
}

/* ---- what happens to mail with an error ---- */

static void
own_sign_error(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	switch (pst_lower(setting->at.value.ptr[0])) {
	case 'a':
		settings->import->on_sign_error = PST_IMPORT_ON_ERROR_ACCEPT;
		say(settings, PST_IMPORT_TAKEN, setting,
		    "as on-sign-error = accept", NULL);
		return;
	case 't':
		say(settings, PST_IMPORT_TAKEN, setting,
		    "as on-sign-error = tempfail, the default", NULL);
		return;
	}
	say(settings, PST_IMPORT_CHANGED, setting,
	    "It refused, dropped or held mail that could not be signed.",
	    "The client is asked to try again (on-sign-error = tempfail), so "
	    "that no mail is lost while a key is repaired.");
}

static void
own_default_error(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	if (settings->signs && !is_set(settings, "On-SignatureError"))
		own_sign_error(settings, setting);
	else if (!settings->verifies)
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "On-SignatureError says what happens when signing fails.",
		    NULL);
	if (settings->verifies)
		say(settings, PST_IMPORT_ANSWER, setting,
		    "At the verifying listener each error has an option of its "
		    "own: see on-dkim-temperror and on-internal-error.",
		    NULL);
}

static void
own_error(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	const char *name = setting->option->name;
	char action = pst_lower(setting->at.value.ptr[0]);

	if (!settings->verifies) {
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "It is about verifying, and opendkim only signed.", NULL);
		return;
	}
	if (strcmp(name, "On-DNSError") == 0)
		say(settings, PST_IMPORT_ANSWER, setting,
		    action == 'a' ?
			"At the verifying listener, on-dkim-temperror = "
			"accept does this; its default asks the sender to "
			"try again only where DMARC depends on it." :
			"At the verifying listener, on-dkim-temperror = "
			"tempfail does this; its default asks the sender to "
			"try again only where DMARC depends on it.",
		    NULL);
	else if (strcmp(name, "On-InternalError") == 0)
		say(settings, PST_IMPORT_ANSWER, setting,
		    "At the verifying listener, see on-internal-error.", NULL);
	else if (action == 'a')
		say(settings, PST_IMPORT_UNNEEDED, setting,
		    "Postern does the same.", NULL);
	else if (strcmp(name, "On-Security") == 0)
		say(settings, PST_IMPORT_ANSWER, setting,
		    "Postern does not refuse for this; limits of DKIM give "
		    "the result \"policy\".",
		    NULL);
	else
		say(settings, PST_IMPORT_ANSWER, setting,
		    "Postern never refuses mail because of one bad or missing "
		    "signature: RFC 6376 s. 6.3 counts it as none, and mailing "
		    "lists break many. If single domains always sign, list "
		    "them in dkim-required and set on-dkim-missing.",
		    NULL);
}

static const struct own {
	const char *name;
	void (*take)(const struct pst_opendkim_settings *settings,
	    const struct pst_opendkim_setting *setting);
	bool for_signing; /* unneeded if opendkim does not sign */
} owns[] = {
    {"BaseDirectory", own_base, false},
    {"Canonicalization", own_canonicalization, true},
    {"Domain", own_single, true},
    {"InternalHosts", own_hosts, true},
    {"KeyFile", own_single, true},
    {"KeyTable", own_key_table, true},
    {"MTA", own_mta, true},
    {"Mode", own_mode, false},
    {"MultipleSignatures", own_multiple, true},
    {"On-BadSignature", own_error, false},
    {"On-DNSError", own_error, false},
    {"On-Default", own_default_error, false},
    {"On-InternalError", own_error, false},
    {"On-KeyNotFound", own_error, false},
    {"On-NoSignature", own_error, false},
    {"On-Security", own_error, false},
    {"On-SignatureError", own_sign_error, true},
    {"OversignHeaders", own_oversign, true},
    {"Selector", own_single, true},
    {"SignatureAlgorithm", own_algorithm, true},
    {"SigningTable", own_signing_table, true},
    {"Socket", own_socket, true},
    {"SubDomains", own_subdomains, true},
    {"UserID", own_user, true},
};

void
pst_opendkim_own(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	for (size_t i = 0; i < PST_COUNT(owns); i++) {
		if (strcmp(owns[i].name, setting->option->name) != 0)
			continue;
		if (owns[i].for_signing && !settings->signs)
			say(settings, PST_IMPORT_UNNEEDED, setting,
			    "opendkim did not sign (Mode).", NULL);
		else
			owns[i].take(settings, setting);
	}
}
