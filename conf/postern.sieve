# SPDX-License-Identifier: BSD-2-Clause
#
# This script (RFC 5228) files mail that Postern has tagged into the spam
# folder. With Dovecot, run it before the users' own scripts: use sieve_before
# in the plugin section.
#
# The field must be the one that tag-header and tag-value in postern.conf set.
# Trust it only if all mail comes through the gateway. X-Spam-Flag (tag-also) is
# not asked for: filters between the gateway and the mailboxes remove it, and set
# it themselves.
require ["fileinto", "mailbox", "variables"];

# The name of the folder on your server, such as Junk, Spam or INBOX.Spam.
set "folder" "Junk";

if header :is "X-DMARC-Verdict" "quarantine" {
	fileinto :create "${folder}";
	stop;
}
