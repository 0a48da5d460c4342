/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/opendkim_options.h"

#define DAEMON                                                                 \
	"It belongs to opendkim's own process; the systemd unit does this."
#define LOGGING                                                                \
	"posternd writes one line for each message, with what was signed and " \
	"why not."
#define NO_LDAP "It belongs to LDAP data sets, which are not read."
#define NO_FFR "It belongs to an experiment that Debian's opendkim lacks."
#define LUA                                                                     \
	"A Lua script decides here, and Postern runs no scripts. Read what it " \
	"does: rules (postern.conf(5)) can do some of it at the verifying "     \
	"listener."
#define FIELDS_NOW                                                             \
	"It signs the fields of RFC 6376 s. 5.4.1 that are there, and signs "  \
	"those that nobody may add or double once more."

/* clang-format off */
#define DROP(name, type, text) \
	{name, PST_OPENDKIM_##type, PST_OPENDKIM_DROP, text, NULL, NULL}
#define CHANGE(name, type, text, now, harmless) \
	{name, PST_OPENDKIM_##type, PST_OPENDKIM_CHANGE, text, now, harmless}
#define ASK(name, type, text, harmless) \
	{name, PST_OPENDKIM_##type, PST_OPENDKIM_ASK, text, NULL, harmless}
#define VERIFY(name, type, text, harmless) \
	{name, PST_OPENDKIM_##type, PST_OPENDKIM_VERIFY, text, NULL, harmless}
#define OWN(name, type) \
	{name, PST_OPENDKIM_##type, PST_OPENDKIM_OWN, "", NULL, NULL}
#define GONE(name) \
	{name, PST_OPENDKIM_TEXT, PST_OPENDKIM_GONE, "", NULL, NULL}

const struct pst_opendkim_option pst_opendkim_options[] = {
    GONE("ADSPAction"),
    GONE("ADSPNoSuchDomain"),
    DROP("AllowSHA1Only", SWITCH, "rsa-sha1 never counts (RFC 8301)."),
    DROP("AlwaysAddARHeader", SWITCH,
	"The verifying listener always writes the field."),
    DROP("ATPSDomains", TEXT, "Nobody publishes ATPS records (RFC 6541)."),
    DROP("ATPSHashAlgorithm", TEXT,
	"Nobody publishes ATPS records (RFC 6541)."),
    VERIFY("AuthservID", TEXT,
	"Set authserv-id to this name if mail is verified here.", NULL),
    VERIFY("AuthservIDWithJobID", SWITCH,
	"Postern's fields have no job id. Look for readers of them that "
	"expect one.", "no"),
    DROP("AutoRestart", SWITCH, DAEMON),
    DROP("AutoRestartCount", NUMBER, DAEMON),
    DROP("AutoRestartRate", TEXT, DAEMON),
    DROP("Background", SWITCH, DAEMON),
    OWN("BaseDirectory", TEXT),
    CHANGE("BodyLengthDB", TEXT,
	"It signed only the first part of some bodies (l=), below which "
	"anybody can add text.",
	"It always signs the whole body.", NULL),
    VERIFY("BogusKey", TEXT,
	"A bogus key is a DNS error for Postern, as the resolver says.", NULL),
    OWN("Canonicalization", TEXT),
    DROP("CaptureUnknownErrors", SWITCH,
	"Postern quarantines nothing because of errors of its own."),
    DROP("ChangeRootDirectory", TEXT, DAEMON),
    VERIFY("ClockDrift", NUMBER,
	"Set dkim.clock-skew to it, in seconds (\"300s\").", NULL),
    DROP("DiagnosticDirectory", TEXT, "\"postern explain\" tells why."),
    CHANGE("Diagnostics", SWITCH,
	"It copied the header into the signature (z=).",
	"It writes no z=.", "no"),
    DROP("DisableCryptoInit", SWITCH, DAEMON),
    DROP("DNSConnect", SWITCH, "Postern uses TCP where an answer needs it."),
    DROP("DNSTimeout", NUMBER,
	"Signing asks no servers; for verifying, deadline bounds the wait."),
    OWN("Domain", TEXT),
    DROP("DomainKeysCompat", SWITCH,
	"Keys of DomainKeys (RFC 4870) have not been used since 2007."),
    ASK("DontSignMailTo", TEXT,
	"Postern signs whatever the recipient is. A signature does no harm; "
	"if it must not be there, give that mail a service of its own without "
	"the signing listener.", NULL),
    DROP("EnableCoredumps", SWITCH, DAEMON),
    VERIFY("ExemptDomains", TEXT,
	"Postern checks mail of all domains. To enforce nothing for some, "
	"list them in monitor-domains.", NULL),
    DROP("ExternalIgnoreList", TEXT,
	"It only kept opendkim from logging mail of other hosts."),
    ASK("FinalPolicyScript", TEXT, LUA, NULL),
    CHANGE("FixCRLF", SWITCH,
	"It signed bare CR and LF as if they were line ends.",
	"It signs the octets of the body. The MTA should repair or refuse "
	"such mail before (Postfix: smtpd_forbid_bare_newline).", "no"),
    DROP("IdentityHeader", TEXT, NO_FFR),
    DROP("IdentityHeaderRemove", SWITCH, NO_FFR),
    DROP("IgnoreMalformedMail", SWITCH,
	"The signing listener passes malformed mail unsigned."),
    OWN("InternalHosts", TEXT),
    VERIFY("KeepAuthResults", SWITCH,
	"Postern always removes fields with its own name: they are forged.",
	"no"),
    DROP("KeepTemporaryFiles", SWITCH, "Postern makes no such files."),
    OWN("KeyFile", TEXT),
    OWN("KeyTable", TEXT),
    DROP("LDAPAuthMechanism", TEXT, NO_LDAP),
    DROP("LDAPAuthName", TEXT, NO_LDAP),
    DROP("LDAPAuthRealm", TEXT, NO_LDAP),
    DROP("LDAPAuthUser", TEXT, NO_LDAP),
    DROP("LDAPBindPassword", TEXT, NO_LDAP),
    DROP("LDAPBindUser", TEXT, NO_LDAP),
    DROP("LDAPDisableCache", SWITCH, NO_LDAP),
    DROP("LDAPKeepaliveIdle", TEXT, NO_LDAP),
    DROP("LDAPKeepaliveInterval", TEXT, NO_LDAP),
    DROP("LDAPKeepaliveProbes", TEXT, NO_LDAP),
    DROP("LDAPTimeout", TEXT, NO_LDAP),
    DROP("LDAPUseTLS", SWITCH, NO_LDAP),
    DROP("LogResults", SWITCH, LOGGING),
    DROP("LogWhy", SWITCH, LOGGING),
    ASK("MacroList", TEXT,
	"Mail was signed when the MTA set such a macro. Give the services "
	"that set it the signing listener, and the others not.", NULL),
    DROP("MaximumHeaders", NUMBER,
	"header.max-size bounds the header; its default is larger."),
    VERIFY("MaximumSignaturesToVerify", NUMBER,
	"Set dkim.max-verified to it, or keep the default.", NULL),
    CHANGE("MaximumSignedBytes", NUMBER,
	"It signed only the first part of long bodies (l=), below which "
	"anybody can add text.",
	"It always signs the whole body.", NULL),
    DROP("MilterDebug", NUMBER, LOGGING),
    VERIFY("Minimum", TEXT,
	"Set dkim.accept-body-length = no to count only signatures over the "
	"whole body.", NULL),
    VERIFY("MinimumKeyBits", NUMBER,
	"Set dkim.min-key-bits to it, or keep the default. With 2048, mail of "
	"senders with smaller keys counts as unsigned.", "1024"),
    OWN("Mode", TEXT),
    OWN("MTA", TEXT),
    DROP("MTACommand", TEXT, "It is for reports that nobody asks for."),
    OWN("MultipleSignatures", SWITCH),
    VERIFY("MustBeSigned", TEXT,
	"Postern has no such demand: DMARC asks for From, and DKIM always "
	"covers it.", NULL),
    VERIFY("Nameservers", TEXT,
	"Set dns.servers to these addresses, as a list.", NULL),
    DROP("NoHeaderB", SWITCH, "Postern always writes header.b."),
    CHANGE("OmitHeaders", TEXT,
	"It had a list of fields that are not signed.", FIELDS_NOW, NULL),
    OWN("On-BadSignature", TEXT),
    OWN("On-Default", TEXT),
    OWN("On-DNSError", TEXT),
    OWN("On-InternalError", TEXT),
    OWN("On-KeyNotFound", TEXT),
    OWN("On-NoSignature", TEXT),
    OWN("On-Security", TEXT),
    OWN("On-SignatureError", TEXT),
    OWN("OversignHeaders", TEXT),
    ASK("PeerList", TEXT,
	"Mail from these hosts was neither signed nor checked. For verifying "
	"there is trusted-networks; so that it is not signed, leave it out "
	"of sign-networks.", NULL),
    DROP("PidFile", TEXT, DAEMON),
    GONE("POPDBFile"),
    VERIFY("Quarantine", SWITCH,
	"Postern acts on DMARC, not on single signatures: see on-quarantine.",
	"no"),
    DROP("QueryCache", SWITCH, "Postern always has a cache."),
    ASK("RedirectFailuresTo", TEXT,
	"Postern does not redirect mail. Use a rule with quarantine or tag.",
	NULL),
    DROP("RemoveARAll", SWITCH,
	"Postern always removes all fields with its own names."),
    VERIFY("RemoveARFrom", TEXT,
	"List these names in authserv-id-aliases.", NULL),
    CHANGE("RemoveOldSignatures", SWITCH,
	"It removed the signatures of mail that passes through, also of "
	"forwarded mail, which then failed at its recipient.",
	"It adds its own and leaves the others.", "no"),
    DROP("ReplaceHeaders", TEXT, NO_FFR),
    ASK("ReplaceRules", TEXT,
	"opendkim signed fields as the MTA would rewrite them later. Let the "
	"MTA rewrite before the filter: rewritten fields break signatures.",
	NULL),
    DROP("ReportAddress", TEXT, "It is for reports that nobody asks for."),
    DROP("ReportBccAddress", TEXT, "It is for reports that nobody asks for."),
    CHANGE("RequestReports", SWITCH,
	"It asked verifiers for reports (r=y, RFC 6651).",
	"It does not; hardly any verifier sends them. DMARC reports tell "
	"more.", "no"),
    ASK("RequiredHeaders", SWITCH,
	"It refused mail without Date or From. At the verifying listener, "
	"on-malformed-header does this; the signing one refuses nothing.",
	"no"),
    CHANGE("RequireSafeKeys", SWITCH,
	"It used key files that other users can read.",
	"It refuses such a file and prints the chmod to type.", "yes"),
    DROP("ResolverConfiguration", TEXT, "Postern reads resolv.conf."),
    DROP("ResolverTracing", SWITCH, LOGGING),
    GONE("ResignAll"),
    GONE("ResignMailTo"),
    ASK("ScreenPolicyScript", TEXT, LUA, NULL),
    CHANGE("SelectCanonicalizationHeader", TEXT,
	"A field of the message chose the canonicalization.",
	"It always uses relaxed/relaxed.", NULL),
    OWN("Selector", TEXT),
    ASK("SenderHeaders", TEXT,
	"It chose keys by other fields than From. Postern uses From only, as "
	"DMARC does.", "From"),
    ASK("SenderMacro", TEXT,
	"It chose keys by a macro. Postern uses From only, as DMARC does.",
	NULL),
    DROP("SendReports", SWITCH, "Nobody asks for reports of RFC 6651."),
    ASK("SetupPolicyScript", TEXT, LUA, NULL),
    OWN("SignatureAlgorithm", TEXT),
    CHANGE("SignatureTTL", NUMBER,
	"It let signatures expire (x=).",
	"It writes no x=: mail that was delayed would fail.", "0"),
    CHANGE("SignHeaders", TEXT,
	"It had a list of fields that are signed.", FIELDS_NOW, NULL),
    OWN("SigningTable", TEXT),
    GONE("SignTable"),
    GONE("SMTPURI"),
    OWN("Socket", TEXT),
    DROP("SoftStart", SWITCH, NO_LDAP),
    DROP("SoftwareHeader", SWITCH, "Postern does not name itself in mail."),
    DROP("Statistics", TEXT, "See \"postern stats\"."),
    DROP("StatisticsName", TEXT, "See \"postern stats\"."),
    DROP("StatisticsPrefix", TEXT, "See \"postern stats\"."),
    ASK("StrictHeaders", SWITCH,
	"It did not sign mail with missing or doubled fields. Postern signs "
	"unless From is in doubt; on-malformed-header is for the verifying "
	"listener.", "no"),
    DROP("StrictTestMode", SWITCH, "It is for opendkim's own tests."),
    OWN("SubDomains", SWITCH),
    DROP("Syslog", SWITCH, LOGGING),
    DROP("SyslogFacility", TEXT, "posternd uses the facility mail."),
    DROP("SyslogName", TEXT, "posternd logs with its own name."),
    DROP("SyslogSuccess", SWITCH, LOGGING),
    DROP("TemporaryDirectory", TEXT, "Postern makes no such files."),
    DROP("TestDNSData", TEXT, "It is for opendkim's own tests."),
    DROP("TestPublicKeys", TEXT, "It is for opendkim's own tests."),
    DROP("TrustAnchorFile", TEXT, "The resolver validates DNSSEC."),
    VERIFY("TrustSignaturesFrom", TEXT,
	"DMARC counts signatures of the From domain only; there is no such "
	"list.", NULL),
    DROP("UMask", NUMBER,
	"posternd's sockets are for the owner and the group (umask)."),
    VERIFY("UnprotectedKey", TEXT,
	"Postern treats keys without DNSSEC as other keys.", "none"),
    OWN("UserID", TEXT),
    DROP("VBR-Certifiers", TEXT, "Nobody uses VBR (RFC 5518)."),
    DROP("VBR-PurgeFields", SWITCH, "Nobody uses VBR (RFC 5518)."),
    DROP("VBR-TrustedCertifiers", TEXT, "Nobody uses VBR (RFC 5518)."),
    DROP("VBR-TrustedCertifiersOnly", SWITCH, "Nobody uses VBR (RFC 5518)."),
    DROP("VBR-Type", TEXT, "Nobody uses VBR (RFC 5518)."),
    DROP("WeakSyntaxChecks", SWITCH,
	"Mail whose From is in doubt is not signed."),
    DROP("X-Header", SWITCH, "It is without effect in opendkim 2.11."),
};
/* clang-format on */

const size_t pst_opendkim_option_count = PST_COUNT(pst_opendkim_options);

const struct pst_opendkim_option *
pst_opendkim_option(struct pst_str name)
{
	for (size_t i = 0; i < PST_COUNT(pst_opendkim_options); i++)
		if (pst_str_ieq(name, pst_str(pst_opendkim_options[i].name)))
			return &pst_opendkim_options[i];
	return NULL;
}
