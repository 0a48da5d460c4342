/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_CONFIG_H
#define PST_CONFIG_CONFIG_H

/*
 * The configuration: every option with its value. It does not change after
 * loading and is reference-counted, so a message keeps the configuration that
 * it began with even when a reload brings a new one.
 *
 * Thread rule: only one thread at a time may be in pst_config_load(), because
 * the scanner of libconfuse is not re-entrant. The other functions may be
 * called from any thread, except pst_config_restart_option(), which allocates
 * from the arena of `fresh`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/arc.h"
#include "auth/dkim.h"
#include "auth/dmarc.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/macros.h"
#include "config/choice.h"
#include "config/marks.h"
#include "config/problems.h"
#include "config/rules.h"
#include "config/sets.h"
#include "config/sign.h"
#include "mail/header.h"

/*
 * A list twice: as it was written, and as a set for look-ups. `written` must be
 * the first member of both structs (see pst_option_set_list()).
 */
struct pst_domains {
	struct pst_texts written;
	struct pst_domain_set set;
};

struct pst_networks {
	struct pst_texts written;
	struct pst_net_set set;
};

#define PST_FINGERPRINTS 14

/*
 * Members are named after their options, with the unit at the end: _ms, _s,
 * _bytes. postern.conf(5) describes the options.
 */
struct pst_config {
	/* The name in our Authentication-Results fields */
	const char *authserv_id; /* "": the MTA's j macro, else the host name */
	/* Other names of ours: fields with one of these are forged, too. */
	struct pst_texts authserv_id_aliases;

	/* The daemon */
	struct pst_texts listen;    /* not all listeners: pst_config_socket() */
	const char *user;           /* to change to when started as root;
	                            "": do not change */
	const char *group;          /* "": the primary group of user */
	const char *pid_file;       /* "": none */
	const char *control_socket; /* "": none */
	unsigned umask;             /* for the sockets */
	unsigned max_sessions;      /* open at once, per process */
	bool read_ahead;            /* see replaced/read_poll_close.h */
	bool sandbox;               /* see milter/sandbox.h */
	unsigned deadline_ms; /* DNS wait allowed at the end of a message */
	unsigned drain_ms;    /* how long a stop waits for messages under way */

	/* Which clients are evaluated */
	struct pst_networks trusted_networks; /* not checked, not changed */
	struct pst_networks forwarders;       /* run by others; mail from one
	                                         is indirect mail */
	struct pst_texts spf_names;   /* domains of all entries "spf:" of
	                               forwarders and rules: sorted, distinct;
	                               derived (config/spf_names.h) */
	struct pst_networks relays;   /* our own; the client to check is the
	                                 one that connected to the relay */
	struct pst_texts relay_names; /* allowed after "by" in the Received
	                                 fields of relays; empty: any */
	bool evaluate_authenticated;  /* check clients that used SMTP AUTH */
	bool submission; /* check nobody: all mail is from our own users */

	/* Signing (config/sign.h, core/signing.h) */
	bool sign; /* sign mail of our own, and check nobody */
	struct pst_networks sign_networks; /* their mail is our own */
	bool sign_strict; /* refuse what may not be sent, instead of passing
	                     it unsigned */
	enum pst_action on_sign_error; /* a signature could not be made */
	bool sign_unpublished;         /* also with a key whose record is known
	                                  to be another one */
	struct pst_logins login_domains;
	struct pst_sign_domains sign_domains;

	/* What is done with a message */
	enum pst_mode mode;
	unsigned enforce_percent; /* share of messages enforced, 0 to 100 */
	const char *enforce_secret_file;    /* "": beside the store */
	struct pst_domains enforce_domains; /* enforced in either mode */
	struct pst_domains monitor_domains; /* never enforced; overrides
	                                       enforce_domains */
	/* The same by the domain of the recipient (core/enforcement) */
	struct pst_domains enforce_recipients;
	struct pst_domains monitor_recipients;
	enum pst_mixed mixed_recipients;
	struct pst_rules rules;
	enum pst_on_reject on_reject;
	enum pst_indirect_claims indirect_claims;
	unsigned indirect_known_days; /* 0: any authenticated domain counts */
	enum pst_action on_quarantine;
	enum pst_action on_temperror;
	enum pst_look_up_action on_policy_temperror;
	enum pst_look_up_action on_spf_temperror;
	enum pst_look_up_action on_dkim_temperror;
	enum pst_action on_iprev_temperror;
	unsigned temperror_domain_cap_ms; /* for what of one Author Domain has
	                                     failed for this long; 0: none */
	unsigned temperror_cap_ms; /* when the DNS has failed for this long,
	                              tag instead of tempfail; 0: never */
	enum pst_action on_missing_from;     /* no From field */
	enum pst_action on_several_from;     /* more than one From field */
	enum pst_action on_malformed_from;   /* not in RFC 5322's grammar */
	enum pst_action on_encoded_from;     /* encoded-words, no address */
	enum pst_action on_multiple_from;    /* several Author Domains */
	enum pst_action on_no_author_domain; /* an address without a domain */
	enum pst_action on_spf_fail;         /* whatever DMARC says */
	enum pst_action on_spf_softfail;
	enum pst_action on_iprev_fail;
	enum pst_action on_dkim_missing;     /* no valid signature of a
	                                       dkim_required domain */
	struct pst_domains dkim_required;    /* From domains that always sign */
	enum pst_action on_helo_fail;        /* SPF of the HELO name */
	enum pst_action on_malformed_header; /* RFC 5322 s. 3.6: a field that
	                                        must be there once is not, or
	                                        is there more often */
	enum pst_action on_unauthenticated;  /* no DMARC policy applies, and
	                                        nothing aligned passes */
	struct pst_domains own_domains;      /* ours: others cannot send from
	                                        them unauthenticated */
	enum pst_action on_own_domain;       /* somebody does */
	struct pst_texts strip_fields;       /* names of fields of others that
	                                        are removed; may end in `*` */
	enum pst_strip_signed strip_fields_signed;
	bool authres_comments; /* say in our field what was done and why */
	enum pst_action on_internal_error;   /* the MTA did not carry out a
	                                       decision */
	enum pst_action quarantine_fallback; /* the MTA cannot quarantine */
	const char *reject_text;    /* refused by the DMARC policy of {domain},
	                            the Author Domain */
	const char *tempfail_text;  /* the DNS did not answer */
	const char *malformed_text; /* refused because of the From field */
	const char *refused_text;   /* refused by a local check or a rule;
	                               {reason} says which */
	const char *tag_header;     /* name of the spam mark's field */
	const char *tag_value;
	struct pst_texts tag_also; /* further marks, as "Name: value" */

	struct {
		struct pst_texts servers; /* empty: those of resolv.conf */
		unsigned query_timeout_ms;
		unsigned max_queries; /* per message */
		unsigned max_open;    /* queries open at once, per process */
		unsigned max_waiting; /* messages that wait, per process */
		size_t cache_bytes;   /* per process */
		size_t max_txt_bytes; /* longest TXT record that is used */
		enum pst_trust_ad trust_ad;
		const char *zone; /* zone file to use; "": ask the real DNS */
	} dns;
	struct {
		bool enabled;
	} iprev;
	struct {
		unsigned void_lookups;    /* limit (RFC 7208 s. 4.6.4) */
		bool check_helo;          /* HELO besides MAIL FROM (s. 2.3) */
		unsigned weak_range_bits; /* a pass by a wider range is weak;
		                             IPv6: twice as many; 0: none is */
		enum pst_weak_pass weak_pass;
	} spf;
	struct pst_dkim_config dkim;
	struct {
		enum pst_dmarc_discovery discovery;
		const char *public_suffix_list; /* file; "": none */
		bool suffix_guard; /* a public suffix aligns no domains */
		bool evaluate_all; /* evaluate each of several Author Domains */
		unsigned max_author_domains; /* with more, From is malformed */
		unsigned remember_s; /* use records for so long when their
		                        look-up fails; 0: never */
	} dmarc;
	struct {
		bool verify;
		unsigned max_sets; /* a longer chain fails */
		struct pst_domains trusted_sealers;
	} arc;
	struct {
		unsigned max_fields;
		size_t max_field_bytes; /* name and value of one field */
		size_t max_total_bytes; /* of all fields */
	} header;
	struct {
		const char *path;       /* of the SQLite database */
		const char *postgresql; /* libpq conninfo; "": none */
		unsigned wait_ms;       /* how long the final reply waits for
		                           its row to be written */
		unsigned max_waiting; /* queued rows, while the store is slow */
		unsigned max_rows; /* different rows per policy domain and day;
		                      beyond it, rows are shortened */
		unsigned retention_s;          /* of rows and of sent reports */
		unsigned imported_retention_s; /* of reports from others */
	} store;
	struct { /* what happened to each message (store/journal_config.h) */
		enum pst_kept keep;
		const char *path;     /* "": beside the store */
		size_t max_bytes;     /* 0: by the size of the disk */
		unsigned retention_s; /* of entries and of tallies */
		enum pst_kept_rcpts recipients;
	} journal;
	struct {
		const char *from;     /* address; "": no reports are made */
		const char *org_name; /* "": the domain of from */
		const char *contact;  /* further contact information, or "" */
		enum pst_report_compat compat;
		enum pst_report_format format;
		bool recipient_domains; /* report the recipients' domains */
		struct pst_domains skip_domains;  /* policy domains */
		struct pst_texts skip_recipients; /* our other addresses for
		                                     reports of others */
		struct pst_domains allow_destinations; /* empty: all */
		struct pst_domains deny_destinations;
		bool own_domain_only;   /* send only to addresses in the
		                           organizational domain reported on */
		unsigned max_addresses; /* used from one DMARC record */
		/* Reports a day: to one organization, about one, in all */
		unsigned max_per_day;
		unsigned max_per_policy_domain;
		unsigned max_per_day_total;
		size_t max_bytes;  /* of one report, compressed */
		unsigned pause_ms; /* between reports to a destination domain */
		unsigned retry_for_s; /* then a report is given up */
		const char *relay;    /* smtp://host:port or smtps://... */
		enum pst_relay_tls relay_tls;
		const char *relay_user; /* "": no AUTH */
		const char *relay_password_file;
		const char *bounces;     /* envelope sender, made unique for
		                            each delivery; "": use from */
		unsigned suppress_for_s; /* no reports to an address after a
		                            bounce */
		const char *dkim_key;    /* private key file; "": do not sign */
		const char *dkim_selector;
		const char *dkim_domain; /* "": the domain of from */
	} reports;
	struct { /* `postern send --canary`; the daemon does not use it */
		const char *forged;  /* domain; "": one of our own names */
		const char *genuine; /* domain; "": one of our own names */
		const char *genuine_client;   /* address that its SPF permits */
		const char *genuine_key;      /* private key file */
		const char *genuine_selector; /* of that key */
	} canary;
	struct {
		struct pst_domains domains;   /* policy domains */
		bool all_domains;             /* all except public suffixes */
		bool recipients;              /* include To and Cc */
		bool subject;                 /* include Subject */
		unsigned max_per_hour;        /* reports in all */
		unsigned max_per_domain;      /* per hour and policy domain */
		unsigned max_per_destination; /* per hour and address */
	} failures;
	struct {
		enum pst_log_target target;
		enum pst_log_facility facility;
		enum pst_log_level level;
		enum pst_log_format format;
	} log;

	/* Made from the options above */
	struct pst_dkim_lib *dkim_lib;
	struct pst_psl *psl; /* NULL: none */
	struct pst_dmarc_config dmarc_config;
	struct pst_arc_config arc_config;
	struct pst_header_limits header_limits;
	struct pst_dns_limits dns_limits;
	struct pst_marks marks; /* the first is tag_header */
	struct pst_sweep sweep; /* fields of others that are removed */
	bool reads_names; /* own-domains or a rule asks what From fields show */
	uint32_t fingerprints[PST_FINGERPRINTS]; /* config/fingerprint.h */

	/* Private to config.c */
	struct pst_config_private *private;
};

/* The configuration file that posternd and postern read by default. */
#define PST_CONFIG_DEFAULT_FILE PST_SYSCONFDIR "/postern/postern.conf"

/* The most listeners. */
#define PST_CONFIG_MAX_LISTENERS 32

/*
 * Reads a configuration file; with file_name NULL every option has its default.
 * Returns a configuration with one reference, which the caller owns; or NULL
 * with one sentence in err ("file:line: ...") when anything in it is wrong.
 */
struct pst_config *
pst_config_load(const char *file_name, struct pst_err *err) PST_MUST_CHECK;

/*
 * The same, but adds all errors to problems, which must have none at the call;
 * sorted by line.
 */
struct pst_config *pst_config_load_all(
    const char *file_name, struct pst_problems *problems) PST_MUST_CHECK;

/* Takes another reference; returns config. */
struct pst_config *pst_config_ref(struct pst_config *config);

/* Gives a reference back; the last one frees config. NULL is allowed. */
void pst_config_unref(struct pst_config *config);

/*
 * The listeners: the sockets in `listen`, then those of the sections `listener`
 * that `listen` does not name. Two spellings of one socket are the same socket.
 * The functions return the number of listeners, and the socket of one of them
 * as it was written.
 */
size_t pst_config_listeners(const struct pst_config *config);
const char *pst_config_socket(const struct pst_config *config, size_t index);

/* Returns the line of the listener's section, or of `listen`; 0: the default */
unsigned pst_config_socket_line(const struct pst_config *config, size_t index);

/*
 * Returns the configuration that is valid for one listener: a copy of config
 * with the options that the listener's section sets, or config itself if the
 * listener has no section. It lives as long as config does.
 */
const struct pst_config *
pst_config_at(const struct pst_config *config, size_t index);

/*
 * The same, with a reference for the caller, which also keeps config alive. For
 * a socket that is not among the listeners, config itself is returned.
 */
struct pst_config *
pst_config_for_listener(struct pst_config *config, size_t index);
struct pst_config *
pst_config_for_socket(struct pst_config *config, const char *socket);

/*
 * Returns the socket of the listener for which config is a copy with options of
 * its own; NULL if it is that of all others.
 */
const char *pst_config_own_socket(const struct pst_config *config);

/* Returns the line on which a listener's section sets the option, 0 if none. */
unsigned pst_config_listener_line(
    const struct pst_config *config, size_t index, size_t option_index);

/* Returns the name of the file that was read, NULL if there was none. */
const char *pst_config_file(const struct pst_config *config);

/* Returns the line on which the option was set, 0 if it has its default. */
unsigned pst_config_line(const struct pst_config *config, size_t option_index);

/* While a file is loaded: was the value that it sets wrong? */
bool
pst_config_was_refused(const struct pst_config *config, size_t option_index);

/* Returns an option's value as it is written in a file, allocated in arena. */
const char *pst_config_value(const struct pst_config *config,
    size_t option_index, struct pst_arena *arena);

/* The same for a person's eyes: without passwords. */
const char *pst_config_shown(const struct pst_config *config,
    size_t option_index, struct pst_arena *arena);

/*
 * Finds the options that take effect only at a start and that differ between
 * the two configurations: returns the path of one at each call, NULL after the
 * last. *from keeps the position; set it to 0 before the first call. The path
 * lives as long as fresh.
 */
const char *pst_config_restart_option(const struct pst_config *running,
    const struct pst_config *fresh, size_t *from);

#endif
