/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "import/opendkim.h"
#include "import/opendkim_match.h"
#include "import/opendkim_options.h"
#include "tests/unit/rows.h"

/* Files that a configuration names. */
struct file {
	const char *path, *text;
};

struct disk {
	struct file files[4];
};

static bool
read_file(void *arg, struct pst_arena *arena, const char *path,
    struct pst_str *text, struct pst_err *err)
{
	const struct disk *disk = arg;

	(void)arena;
	for (size_t i = 0; i < PST_COUNT(disk->files); i++)
		if (disk->files[i].path != NULL &&
		    strcmp(disk->files[i].path, path) == 0) {
			*text = pst_str(disk->files[i].text);
			return true;
		}
	return pst_err_set(err, "%s: not there", path);
}

/* What was imported, as one line: "example.com(s1=/k,s2=/m)+ !x.org(...)". */
static const char *
sections_text(const struct pst_import *import)
{
	struct pst_buf buf;

	pst_buf_init(&buf, import->arena, 65536);
	pst_buf_add_text(&buf, "");
	for (size_t i = 0; i < import->section_count; i++) {
		const struct pst_import_section *one = &import->sections[i];

		pst_buf_printf(&buf, "%s%s%s(", buf.len == 0 ? "" : " ",
		    one->suggested ? "!" : "", one->domain);
		for (size_t k = 0; k < one->pair_count; k++)
			pst_buf_printf(&buf, "%s%s=%s", k == 0 ? "" : ",",
			    one->pairs[k].selector, one->pairs[k].file);
		pst_buf_add_text(&buf, one->subdomains ? ")+" : ")");
	}
	return buf.len == 0 ? "" : pst_buf_str(&buf);
}

/* The remarks, one to a line: "A SigningTable:1 *@x Not taken: ...". */
static const char *
remarks_text(const struct pst_import *import)
{
	struct pst_buf buf;

	pst_buf_init(&buf, import->arena, 1 << 20);
	pst_buf_add_text(&buf, "\n");
	for (const struct pst_import_line *line = import->lines; line != NULL;
	     line = line->next)
		pst_buf_printf(&buf, "%c %s:%u %s %s|%s\n", "TUCA"[line->kind],
		    line -> option, line -> line, line -> value, line -> text,
		    line -> now);
	return pst_buf_str(&buf);
}

static void
import_conf(struct pst_import *import, struct pst_arena *arena,
    struct disk *disk, const char *conf)
{
	pst_import_init(
	    import, arena, (struct pst_import_files){read_file, disk});
	pst_opendkim_import(import, "conf", pst_str(conf));
}

#define RE "KeyTable /kt\nSigningTable refile:/st\n"
#define FILES "KeyTable file:/kt\nSigningTable /st\n"
#define K1 "k1 example.com:s1:/k1\n"
#define K2 "k2 example.com:s2:/k2\n"

/* Forms of tables. The sections agree with what opendkim 2.11.0 signs, which
 * tests/run-import compares where opendkim is installed. */
static const struct table_row {
	const char *label, *conf, *signing, *keys;
	const char *sections;
	const char *remark; /* a part of the remarks; NULL: nothing is said */
} table_rows[] = {
    {"a domain", RE, "*@example.com k1\n", K1, "example.com(s1=/k1)", NULL},
    {"letters of either case", RE, "*@EXAMPLE.com k1\n",
	"k1 Example.COM:S1:/k1\n", "example.com(s1=/k1)", NULL},
    {"comments, blank lines, CR", RE,
	"# *@x.org k1\n\n*@example.com\tk1 # k2\r\n", K1 "\n",
	"example.com(s1=/k1)", NULL},
    {"no line end", RE, "*@example.com k1", "k1 example.com:s1:/k1",
	"example.com(s1=/k1)", NULL},
    {"only the first match", RE, "*@example.com k1\n*@example.com k2\n", K1 K2,
	"example.com(s1=/k1)",
	"U SigningTable:2 *@example.com Another line matches"},
    {"all matches", RE "MultipleSignatures yes\n",
	"*@example.com k1\n*@example.com k2\n", K1 K2,
	"example.com(s1=/k1,s2=/k2)", NULL},
    {"a plain file, the domain", FILES, "example.com k1\n", K1,
	"example.com(s1=/k1)", NULL},
    {"a plain file takes the first of two", FILES,
	"example.com k1\nexample.com k2\n", K1 K2, "example.com(s1=/k1)",
	"U SigningTable:2 example.com Another line"},
    {"a pattern in a plain file", FILES, "*@example.com k1\n", K1,
	"!example.com(s1=/k1)",
	"A SigningTable:1 *@example.com Nothing was signed: `*` stands"},
    {"a pattern in a list", "KeyTable /kt\nSigningTable csl:*@example.com=k1\n",
	"", K1, "!example.com(s1=/k1)", "Nothing was signed"},
    {"lists",
	"KeyTable csl:a=%:s1:/k1\nSigningTable csl:example.com=a, b.org=a", "",
	"", "example.com(s1=/k1) b.org(s1=/k1)", NULL},
    {"a plain file, subdomains", FILES, ".example.com k1\n", K1,
	"example.com(s1=/k1)+",
	"C SigningTable:2 example.com It signed mail from domains below"},
    {"a domain and its subdomains", RE,
	"*@example.com k1\n*@*.example.com k1\n", K1, "example.com(s1=/k1)+",
	NULL},
    {"subdomains with a key of their own", RE,
	"*@*.example.com k2\n*@example.com k1\n", K1 K2, "example.com(s1=/k1)+",
	"C SigningTable:1 *@*.example.com It signed mail from the domains "
	"below example.com with a key of its own"},
    {"one subdomain in the name of the domain", RE,
	"*@news.example.com k1\n*@example.com k1\n", K1, "example.com(s1=/k1)+",
	"C SigningTable:1 *@news.example.com It signed mail from "
	"news.example.com with d=example.com."},
    {"a pattern without a dot", RE, "*@*example.com k1\n", K1,
	"example.com(s1=/k1)+", "whose name only ends like this one"},
    {"everything, in one name", RE, "* k1\n", K1, "example.com(s1=/k1)+",
	"C SigningTable:1 * It signed mail from every domain with "
	"d=example.com"},
    {"everything, in its own name", RE, "*@* any\n", "any %:s1:/keys/%\n", "",
	"A SigningTable:1 *@* Every From domain was signed, whoever owns it, "
	"with d= the domain itself and the key file /keys/%"},
    {"everything, after a domain", RE, "*@example.com k1\n* k2\n", K1 K2,
	"example.com(s1=/k1)+", "C SigningTable:2 *"},
    {"the From domain for %", RE, "*@example.com any\n*@b.org any\n",
	"any %:s1:/keys/%.pem\n",
	"example.com(s1=/keys/example.com.pem) b.org(s1=/keys/b.org.pem)",
	NULL},
    {"% as the name of a key", RE, "*@example.com %\n",
	"example.com example.com:s1:/k1\n", "example.com(s1=/k1)", NULL},
    {"subdomains in their own names", RE, "*@*.example.com any\n",
	"any %:s1:/k1\n", "",
	"A SigningTable:1 *@*.example.com Each domain below example.com"},
    {"a third party", RE, "*@example.com k\n", "k other.net:s1:/k1\n", "",
	"A SigningTable:1 *@example.com Mail from example.com was signed with "
	"d=other.net."},
    {"some users, beside their domain", RE,
	"*sales*@example.com k2\n*@example.com k1\n", K1 K2,
	"example.com(s1=/k1)",
	"C SigningTable:1 *sales*@example.com It had a key for some users"},
    {"only some users", FILES, "bob@example.com k1\namy@example.com k2\n",
	K1 K2, "example.com(s1=/k1)",
	"A SigningTable:1 bob@example.com Only mail of these users"},
    {"no domain in a pattern", RE, "example.com k1\n", K1, "",
	"A SigningTable:1 example.com It matches no address"},
    {"no user", RE, "@example.com k1\n", K1, "", "It matches no address"},
    {"a blank in front", RE, " *@example.com k1\n", K1, "",
	"A SigningTable:1 *@example.com The line begins with a blank"},
    {"an odd pattern", RE, "*@mail*.example.com k1\n", K1, "",
	"This pattern does not name a domain"},
    {"no name of a key", RE, "*@example.com\n", K1, "",
	"A SigningTable:1 *@example.com The line names no key"},
    {"an unknown name", RE, "*@example.com k3\n", K1, "",
	"KeyTable has no key \"k3\""},
    {"names of keys have case", RE, "*@example.com K1\n", K1, "",
	"KeyTable has no key \"K1\""},
    {"an identity", RE, "*@example.com k1:bob@example.com\n", K1,
	"example.com(s1=/k1)", "an identity of its own (i=)"},
    {"a lifetime", RE, "*@example.com k1\n", "k1 example.com:s1:/k1:86400\n",
	"", "has a fourth part"},
    {"too few parts", RE, "*@example.com k1\n", "k1 example.com:/k1\n", "",
	"does not have the form NAME DOMAIN:SELECTOR:FILE"},
    {"the key itself", RE, "*@example.com k1\n", "k1 example.com:s1:MIIEvgIB\n",
	"", "the table has the key itself"},
    {"a relative path", RE "BaseDirectory /etc/dkim\n", "*@example.com k1\n",
	"k1 example.com:s1:./k1\n", "example.com(s1=/etc/dkim/k1)", NULL},
    {"a relative path to nowhere", RE, "*@example.com k1\n",
	"k1 example.com:s1:./k1\n", "", "depends on the directory"},
    {"a path with a quote", RE, "*@example.com k1\n",
	"k1 example.com:s1:/k\"1\n", "", "cannot have: rename the file"},
    {"a path with a variable", RE, "*@example.com k1\n",
	"k1 example.com:s1:/k$1\n", "", "cannot have: rename the file"},
    {"a template", RE, "*@{{DOMAIN}} k1\n", K1, "",
	"A SigningTable:1 *@{{DOMAIN}} This is a placeholder"},
    {"a template in the keys", RE, "*@example.com k1\n",
	"k1 example.com:__SEL__:/k1\n", "", "placeholder of a template"},
    {"a key that nothing uses", RE, "*@example.com k1\n", K1 K2,
	"example.com(s1=/k1)", "U KeyTable:2 k2 No line of SigningTable"},
    {"a name twice", RE, "*@example.com k1\n", K1 "k1 example.com:s9:/k9\n",
	"example.com(s1=/k1)", "U KeyTable:2 k1 An earlier line"},
    {"one selector with two files", RE "MultipleSignatures yes\n",
	"*@example.com k1\n*@example.com k2\n", K1 "k2 example.com:s1:/k2\n",
	"example.com(s1=/k1)", "Selector s1 of example.com has two key files"},
    {"five keys", RE "MultipleSignatures yes\n",
	"*@a.org a\n*@a.org b\n*@a.org c\n*@a.org d\n*@a.org e\n",
	"a a.org:a:/a\nb a.org:b:/b\nc a.org:c:/c\nd a.org:d:/d\n"
	"e a.org:e:/e\n",
	"a.org(a=/a,b=/b,c=/c,d=/d)", "a.org has more than 4 keys"},
    {"an empty table", RE, "# none\n", K1, "", "The table is empty"},
    {"a domain that is not one", RE, "*@exa..mple k1\n", K1, "",
	"does not name a domain"},
    {"d= that is not one", RE, "*@example.com k1\n", "k1 exa..mple:s1:/k\n", "",
	"its domain, exa..mple, is not a domain name"},
};

static void
test_tables(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, table_rows, table_rows[i].label) {
		const struct table_row *row = &table_rows[i];
		struct disk disk = {
		    .files = {{"/kt", row->keys}, {"/st", row->signing}}};
		struct pst_import import;
		const char *remarks;

		import_conf(&import, arena, &disk, row->conf);
		assert_string_equal(sections_text(&import), row->sections);
		remarks = remarks_text(&import);
		if (row->remark != NULL)
			assert_non_null(strstr(remarks, row->remark));
		else
			assert_int_equal(
			    pst_import_count(&import, PST_IMPORT_ANSWER) +
				pst_import_count(&import, PST_IMPORT_CHANGED),
			    0);
		assert_null(strstr(remarks, "MIIEvgIB"));
	}
	pst_arena_free(arena);
}

#define ONE "Selector s\nKeyFile /k\nDomain "

static const struct conf_row {
	const char *label, *conf;
	const char *sections;
	const char *remark;
} conf_rows[] = {
    {"one domain", ONE "example.com", "example.com(s=/k)", "T Domain:3"},
    {"domains", ONE "example.com, b.org\nSubDomains Yes",
	"example.com(s=/k)+ b.org(s=/k)+", "T SubDomains:4 Yes"},
    {"domains in a file", ONE "/doms", "a.org(s=/k) b.org(s=/k)", "T Domain:3"},
    {"all domains", ONE "*", "", "A Domain:3 * Each domain that this matches"},
    {"a dot in front", ONE ".example.com", "", "signs nothing for it"},
    {"no key file", "Selector s\nDomain example.com\n", "",
	"A Selector:1 s Domain, Selector and KeyFile belong together"},
    {"the last line counts", ONE "example.com\nDomain b.org", "b.org(s=/k)",
	"U Domain:3 example.com It is set again below"},
    {"names in any case", "selector s\nKEYFILE /k\ndOMAIN example.com",
	"example.com(s=/k)", "T KeyFile:2 /k"},
    {"a comment in the line", ONE "example.com # <-- CHANGE",
	"example.com(s=/k)", "T Domain:3 example.com into"},
    {"a verifier", ONE "example.com\nMode v\nInternalHosts 10.0.0.0/8", "",
	"U InternalHosts:5 10.0.0.0/8 opendkim did not sign"},
    {"a selector from a template", "Selector ${SEL}\nKeyFile /k\nDomain a.org",
	"", "A Selector:1 ${SEL} This is a placeholder"},
    {"an unknown option", ONE "a.org\nSignTable x", "a.org(s=/k)",
	"A SignTable:4 x opendkim 2.11 does not know this option"},
    {"no value", ONE "a.org\nMTA", "a.org(s=/k)",
	"A MTA:4  The value is missing"},
    {"a switch that is neither", ONE "a.org\nSyslog perhaps", "a.org(s=/k)",
	"A Syslog:4 perhaps opendkim does not start with this value"},
    {"a number that is none", ONE "a.org\nUMask 00x", "a.org(s=/k)",
	"A UMask:4 00x opendkim does not start with this value"},
    {"another file", "Include /inc\nDomain a.org", "a.org(s=/k)",
	"T Include:1 /inc read"},
    {"a file that includes itself", "Include /loop\n", "",
	"Files include each other"},
    {"verifying, with both modes", ONE "a.org\nAuthservID mx", "a.org(s=/k)",
	"A AuthservID:4 mx Set authserv-id"},
    {"verifying, but mode s", ONE "a.org\nMode s\nAuthservID mx", "a.org(s=/k)",
	"U AuthservID:5 mx It is about verifying"},
    {"a database", ONE "dsn:mysql://user:secret@host/db/table=t", "",
	"A Domain:3 dsn:... Not read: the data are in an SQL database"},
    {"a password", "LDAPBindPassword secret\n", "",
	"U LDAPBindPassword:1 ... It belongs to LDAP"},
    {"Berkeley DB", ONE "/etc/doms.db", "", "in a Berkeley DB"},
    {"Lua", ONE "lua:/etc/x", "", "made by a Lua script"},
    {"canonicalization", "Canonicalization relaxed/simple", "",
	"C Canonicalization:1 relaxed/simple"},
    {"the same canonicalization", "Canonicalization Relaxed/Relaxed", "",
	"U Canonicalization:1"},
    {"oversigning what we oversign", "OversignHeaders From,To", "",
	"U OversignHeaders:1"},
    {"oversigning other fields", "OversignHeaders From,Autocrypt", "",
	"C OversignHeaders:1"},
    {"removing signatures", "RemoveOldSignatures Yes", "",
	"C RemoveOldSignatures:1 Yes"},
    {"not removing signatures", "RemoveOldSignatures no", "",
	"U RemoveOldSignatures:1 no"},
    {"safe keys", "RequireSafeKeys yes", "", "U RequireSafeKeys:1 yes"},
    {"unsafe keys", "RequireSafeKeys 0", "", "C RequireSafeKeys:1 0"},
};

static void
test_conf(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, conf_rows, conf_rows[i].label) {
		const struct conf_row *row = &conf_rows[i];
		struct disk disk = {
		    .files = {{"/doms", "a.org\nb.org\n"},
			{"/inc", "Selector s\nKeyFile /k\n"},
			{"/loop", "Include /loop\nInclude /loop\n"}}};
		struct pst_import import;

		import_conf(&import, arena, &disk, row->conf);
		assert_string_equal(sections_text(&import), row->sections);
		assert_non_null(strstr(remarks_text(&import), row->remark));
		assert_null(strstr(remarks_text(&import), "secret"));
	}
	pst_arena_free(arena);
}

static const struct host_row {
	const char *hosts;
	const char *networks; /* NULL: the default */
	const char *remark;
} host_rows[] = {
    {"127.0.0.1, 10.0.0.0/8", "127.0.0.1 10.0.0.0/8", "T InternalHosts:1"},
    {"csl:127.0.0.1,::1,[2001:db8::1]", "127.0.0.1 ::1 2001:db8::1",
	"T InternalHosts:1"},
    {"/hosts", "127.0.0.1", "U InternalHosts:2 localhost"},
    {"127.0.0.1,127.0.0.1", "127.0.0.1", "T InternalHosts:1"},
    {"0.0.0.0/0, ::/0", NULL, "A InternalHosts:1 0.0.0.0/0 This is (nearly)"},
    {"10.0.0.0/8,0.0.0.0/1", "10.0.0.0/8", "A InternalHosts:1 0.0.0.0/1"},
    {"192.0.2.25/24", NULL, "Do you mean 192.0.2.0/24, or the one"},
    {"!10.0.0.1,10.0.0.0/8", "10.0.0.0/8", "has no exceptions"},
    {"*.example.com", NULL, "opendkim never matches it"},
    {"example.com", NULL, "sign-networks takes addresses"},
    {"-", "", "U InternalHosts:1 - No host has this name"},
    {"/missing", NULL, "A InternalHosts:1 /missing Not read"},
    {"{{ NETS }}", NULL, "This is a placeholder"},
};

static void
test_hosts(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, host_rows, host_rows[i].hosts) {
		const struct host_row *row = &host_rows[i];
		struct disk disk = {
		    .files = {{"/hosts", "127.0.0.1\nlocalhost\n"}}};
		struct pst_import import;
		struct pst_buf buf;

		import_conf(&import, arena, &disk,
		    pst_arena_printf(arena, "InternalHosts %s\n", row->hosts));
		assert_int_equal(import.has_networks, row->networks != NULL);
		pst_buf_init(&buf, arena, 1000);
		pst_buf_add_text(&buf, "");
		for (size_t k = 0; k < import.network_count; k++)
			pst_buf_printf(&buf, "%s%s", k == 0 ? "" : " ",
			    import.networks[k]);
		if (row->networks != NULL && row->networks[0] != '\0')
			assert_string_equal(pst_buf_str(&buf), row->networks);
		else
			assert_int_equal(import.network_count, 0);
		assert_non_null(strstr(remarks_text(&import), row->remark));
	}
	pst_arena_free(arena);
}

static void
test_sign_error(void **state)
{
	static const struct {
		const char *conf;
		enum pst_import_on_error want;
		const char *remark;
	} rows[] = {
	    {"On-SignatureError accept", PST_IMPORT_ON_ERROR_ACCEPT,
		"T On-SignatureError:1"},
	    {"On-SignatureError t", PST_IMPORT_ON_ERROR_DEFAULT,
		"T On-SignatureError:1"},
	    {"On-SignatureError reject", PST_IMPORT_ON_ERROR_DEFAULT,
		"C On-SignatureError:1"},
	    {"On-Default accept", PST_IMPORT_ON_ERROR_ACCEPT, "T On-Default:1"},
	    {"On-Default a\nOn-SignatureError t\n", PST_IMPORT_ON_ERROR_DEFAULT,
		"T On-SignatureError:2"},
	    {"Mode v\nOn-Default accept", PST_IMPORT_ON_ERROR_DEFAULT,
		"A On-Default:2"},
	    {"On-BadSignature reject", PST_IMPORT_ON_ERROR_DEFAULT,
		"A On-BadSignature:1 reject Postern never refuses"},
	    {"On-BadSignature accept", PST_IMPORT_ON_ERROR_DEFAULT,
		"U On-BadSignature:1"},
	    {"Mode s\nOn-NoSignature reject", PST_IMPORT_ON_ERROR_DEFAULT,
		"U On-NoSignature:2"},
	};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, rows, rows[i].conf) {
		struct disk disk = {.files = {{NULL, NULL}}};
		struct pst_import import;

		import_conf(&import, arena, &disk, rows[i].conf);
		assert_int_equal(import.on_sign_error, rows[i].want);
		assert_non_null(strstr(remarks_text(&import), rows[i].remark));
	}
	pst_arena_free(arena);
}

/* Each option that opendkim has gets exactly one remark with its name, whatever
 * its value is. */
static void
test_all_options(void **state)
{
	static const char *const values[] = {
	    "yes", "no", "1", "/x", "s", "{{x}}"};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	for (size_t v = 0; v < PST_COUNT(values); v++)
		for (size_t i = 0; i < pst_opendkim_option_count; i++) {
			const char *name = pst_opendkim_options[i].name;
			struct disk disk = {.files = {{NULL, NULL}}};
			struct pst_import import;
			size_t count = 0;

			import_conf(&import, arena, &disk,
			    pst_arena_printf(
				arena, "%s %s\n", name, values[v]));
			for (const struct pst_import_line *line = import.lines;
			     line != NULL; line = line->next) {
				count++;
				assert_string_equal(line->option, name);
				assert_int_not_equal(line->text[0], '\0');
			}
			if (count == 0)
				fail_msg("%s %s is not accounted for", name,
				    values[v]);
		}
	pst_arena_free(arena);
}

static void
test_glob(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} rows[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"*", "abc", true},
	    {"a*c", "abc", true},
	    {"a*c", "abcd", false},
	    {"*@*.com", "x@y.com", true},
	    {"*b*b*", "abcb", true},
	    {"*b*b*", "abc", false},
	    {"A*", "abc", true},
	    {"a.c", "abc", false},
	    {"**", "x", true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].pattern) {
		assert_int_equal(pst_opendkim_glob(pst_str(rows[i].pattern),
				     pst_str(rows[i].text)),
		    rows[i].want);
	}
}

/* The largest tables that are read are read in a reasonable time. */
static void
test_large(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct disk disk = {.files = {{NULL, NULL}}};
	struct pst_import import;
	struct pst_buf keys, signing;

	(void)state;
	pst_buf_init(&keys, arena, 4 << 20);
	pst_buf_init(&signing, arena, 4 << 20);
	for (unsigned i = 0; i <= PST_IMPORT_MAX_ROWS; i++) {
		pst_buf_printf(&keys, "k%u d%u.example:s:/k\n", i, i);
		pst_buf_printf(&signing, "*@d%u.example k%u\n", i, i);
		if (i == PST_IMPORT_MAX_ROWS - 1) {
			disk.files[0] = (struct file){
			    "/kt", pst_arena_strdup(arena, pst_buf_str(&keys))};
			disk.files[1] = (struct file){"/st",
			    pst_arena_strdup(arena, pst_buf_str(&signing))};
		}
	}
	import_conf(&import, arena, &disk, RE);
	assert_int_equal(import.section_count, PST_IMPORT_MAX_ROWS);
	disk.files[1].text = pst_buf_str(&signing);
	import_conf(&import, arena, &disk, RE);
	assert_int_equal(import.section_count, 0);
	assert_non_null(strstr(remarks_text(&import), "has more than 10000"));
	pst_arena_free(arena);
}

static void
test_is_conf(void **state)
{
	(void)state;
	assert_true(pst_opendkim_is_conf("/etc/opendkim.conf", PST_STR("")));
	assert_true(pst_opendkim_is_conf(
	    "x", PST_STR("Mode s\nSyslog yes\nDomain a.org\n")));
	assert_false(pst_opendkim_is_conf(
	    "x", PST_STR("smtpd_milters = x\nmyhostname = y\n")));
	assert_false(pst_opendkim_is_conf("KeyTable", PST_STR(K1 K2)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_conf),
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_sign_error),
	    cmocka_unit_test(test_all_options),
	    cmocka_unit_test(test_glob),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_is_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
