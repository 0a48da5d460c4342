/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_CONFIG_H
#define PST_CONFIG_CONFIG_H

/*
 * All settings, immutable after loading and reference-counted: a message keeps
 * the configuration that it began with, whatever a reload does meanwhile.
 *
 * Thread rule: pst_config_load() uses libconfuse, whose scanner is not
 * re-entrant: one thread at a time, never while another loads.
 */

#include <stdbool.h>
#include <stddef.h>

#include "auth/arc.h"
#include "auth/dkim.h"
#include "auth/dmarc.h"
#include "base/err.h"
#include "base/ip.h"
#include "config/rules.h"
#include "mail/header.h"

struct pst_texts {
	const char **items;
	size_t count;
};

/* A list as it was written, which comes first in both, and for look-ups. */
struct pst_domains {
	struct pst_texts written;
	struct pst_domain_set set;
};

struct pst_networks {
	struct pst_texts written;
	struct pst_net_set set;
};

enum pst_mode {
	PST_MODE_ENFORCE,
	PST_MODE_MONITOR, /* computes all, changes only the result header */
};

enum pst_action {
	PST_ACTION_ACCEPT,
	PST_ACTION_TAG,
	PST_ACTION_QUARANTINE,
	PST_ACTION_REJECT,
	PST_ACTION_TEMPFAIL,
};

/* The word `same`: what on_temperror says. Not among the actions. */
#define PST_ACTION_SAME (-1)

/* What an effective policy of reject does (R-DMARC-43). */
enum pst_on_reject {
	PST_ON_REJECT_UNLESS_INDIRECT,
	PST_ON_REJECT_ALWAYS,
	PST_ON_REJECT_QUARANTINE, /* as on-quarantine says */
	PST_ON_REJECT_ACCEPT,
};

enum pst_log_target {
	PST_LOG_TO_AUTO, /* syslog in the background, else standard error */
	PST_LOG_TO_SYSLOG,
	PST_LOG_TO_STDERR,
};

enum pst_report_compat {
	PST_REPORT_RFC9990,
	PST_REPORT_RFC7489,
};

enum pst_report_format {
	PST_REPORT_GZIP,
	PST_REPORT_XML,
};

enum pst_relay_tls {
	PST_RELAY_TLS_NO,
	PST_RELAY_TLS_IF_OFFERED,
	PST_RELAY_TLS_REQUIRED, /* and its certificate must be right */
};

struct pst_config {
	/* Who we are */
	const char *authserv_id; /* "": the MTA's j macro, else host name */
	struct pst_texts authserv_id_aliases;

	/* The daemon */
	struct pst_texts listen;    /* not all: pst_config_socket() */
	const char *user;           /* "": stay who we are */
	const char *group;          /* "": the user's */
	const char *pid_file;       /* "": none */
	const char *control_socket; /* "": none */
	unsigned umask;
	unsigned deadline_ms; /* of one message, from its end on */
	unsigned drain_ms;    /* at a stop, for callbacks in progress */

	/* Who is evaluated */
	struct pst_networks trusted_networks;
	struct pst_networks forwarders; /* of others: a sign of indirect mail */
	struct pst_networks relays;     /* ours: the client is behind them */
	struct pst_texts relay_names;   /* empty: not looked at */
	bool evaluate_authenticated;
	bool submission; /* nobody: what comes is mail of our own users */

	/* What happens */
	int mode; /* enum pst_mode */
	unsigned enforce_percent;
	struct pst_domains enforce_domains; /* whatever the mode is */
	struct pst_domains monitor_domains; /* before enforce_domains */
	struct pst_rules rules;
	int on_reject;     /* enum pst_on_reject */
	int on_quarantine; /* enum pst_action from here on */
	int on_temperror;
	int on_policy_temperror; /* these three: or PST_ACTION_SAME */
	int on_spf_temperror;
	int on_dkim_temperror;
	int on_iprev_temperror;
	unsigned temperror_cap_ms; /* 0: tempfail as long as it lasts */
	int on_missing_from;
	int on_several_from;
	int on_malformed_from;
	int on_encoded_from;
	int on_multiple_from;
	int on_spf_fail;
	int on_spf_softfail;
	int on_iprev_fail;
	int on_dkim_missing; /* from dkim_required */
	struct pst_domains dkim_required;
	int on_internal_error;
	int quarantine_fallback; /* when the MTA has no quarantine */
	const char *reject_text; /* {domain} is the Author Domain */
	const char *tempfail_text;
	const char *malformed_text;
	const char *refused_text; /* {reason}: which local setting it was */
	const char *tag_header;
	const char *tag_value;

	struct {
		struct pst_texts servers;
		unsigned query_timeout_ms;
		unsigned max_queries; /* a message */
		unsigned max_open;    /* the process */
		size_t cache_bytes;
		size_t max_txt_bytes;
		const char *zone; /* "": the real DNS */
	} dns;
	struct {
		bool enabled;
	} iprev;
	struct {
		unsigned void_lookups;
	} spf;
	struct pst_dkim_config dkim;
	struct {
		int discovery;                  /* enum pst_dmarc_discovery */
		const char *public_suffix_list; /* "": none */
		bool suffix_guard;
		bool evaluate_all;
		unsigned max_author_domains;
	} dmarc;
	struct {
		bool verify;
		unsigned max_sets;
		struct pst_domains trusted_sealers;
	} arc;
	struct {
		unsigned max_fields;
		size_t max_field_bytes;
		size_t max_total_bytes;
	} header;
	struct {
		const char *path;
		const char *postgresql; /* libpq's conninfo; "": none */
		unsigned wait_ms;       /* of a final reply for its row */
		unsigned max_waiting;   /* rows for a slow store */
		unsigned max_rows;      /* of a policy domain and day */
		unsigned retention_s;
		unsigned imported_retention_s;
	} store;
	struct {
		const char *from;     /* address; "": no reports are made */
		const char *org_name; /* "": the domain of from */
		const char *contact;
		int compat; /* enum pst_report_compat */
		int format; /* enum pst_report_format */
		bool recipient_domains;
		struct pst_domains skip_domains; /* policy domains */
		struct pst_texts skip_recipients;
		struct pst_domains allow_destinations; /* empty: all */
		struct pst_domains deny_destinations;
		bool own_domain_only; /* no address outside the org domain */
		unsigned max_addresses;
		unsigned max_per_day; /* to one destination domain */
		size_t max_bytes;     /* of a report, packed */
		unsigned pause_ms;    /* between two to one destination */
		unsigned retry_for_s;
		const char *relay;
		int relay_tls;          /* enum pst_relay_tls */
		const char *relay_user; /* "": no AUTH */
		const char *relay_password_file;
		const char *bounces; /* "": no VERP */
		unsigned suppress_for_s;
		const char *dkim_key; /* file; "": not signed here */
		const char *dkim_selector;
		const char *dkim_domain; /* "": the domain of from */
	} reports;
	struct {
		struct pst_domains domains; /* policy domains */
		bool all_domains;
		bool recipients; /* keep To and Cc */
		bool subject;    /* keep Subject */
		unsigned max_per_hour;
		unsigned max_per_domain;
		unsigned max_per_destination;
	} failures;
	struct {
		int target; /* enum pst_log_target */
		int facility;
		int level; /* enum pst_log_level */
	} log;

	/* Made from the settings above */
	struct pst_dkim_lib *dkim_lib;
	struct pst_psl *psl; /* NULL: none */
	struct pst_dmarc_config dmarc_config;
	struct pst_arc_config arc_config;
	struct pst_header_limits header_limits;
	struct pst_dns_limits dns_limits;

	/* Private to config.c */
	struct pst_config_private *private;
};

/* Where the packages put it. */
#define PST_CONFIG_DEFAULT_FILE PST_SYSCONFDIR "/postern/postern.conf"

/*
 * Reads a file; NULL stands for "no file": all defaults. NULL with one sentence
 * in err ("file:line: ...") when anything in it is wrong. The caller owns one
 * reference.
 */
struct pst_config *pst_config_load(const char *file_name, struct pst_err *err);

struct pst_config *pst_config_ref(struct pst_config *config);
void pst_config_unref(struct pst_config *config);

/*
 * The listeners: what `listen` names, then the sections `listener` that name
 * another socket. Sockets are compared by what they mean, not as they are
 * spelled.
 */
size_t pst_config_listeners(const struct pst_config *config);
const char *pst_config_socket(const struct pst_config *config, size_t index);

/*
 * The whole configuration as it is for one listener: the same as config but
 * for what the listener's section sets; config itself when no section is about
 * that listener. It lives as long as config does.
 */
const struct pst_config *
pst_config_at(const struct pst_config *config, size_t index);

/*
 * The same with a reference of its own, which keeps config as well. A socket
 * that config does not name has config itself.
 */
struct pst_config *
pst_config_for_listener(struct pst_config *config, size_t index);
struct pst_config *
pst_config_for_socket(struct pst_config *config, const char *socket);

/* Line at which the listener's section sets the option, 0: it does not. */
unsigned pst_config_listener_line(
    const struct pst_config *config, size_t index, size_t option_index);

/* The file it came from, NULL for the defaults. */
const char *pst_config_file(const struct pst_config *config);

/* Line at which the option (index in pst_options) was set, 0: it is the default. */
unsigned pst_config_line(const struct pst_config *config, size_t option_index);

/* The value of an option as it would stand in a file, in the arena. */
const char *pst_config_value(const struct pst_config *config,
    size_t option_index, struct pst_arena *arena);

/*
 * Path of an option that takes effect at start only and differs between the two;
 * *from is where to go on, 0 at first. NULL when there is no further one.
 */
const char *pst_config_restart_option(const struct pst_config *running,
    const struct pst_config *fresh, size_t *from);

/* "accept", "tag", "quarantine", "reject", "tempfail". */
const char *pst_action_word(enum pst_action action);

#endif
