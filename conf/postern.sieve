# SPDX-License-Identifier: BSD-2-Clause
#
# This script (RFC 5228) files mail that Postern has tagged into the spam
# folder. With Dovecot, run it before the users' own scripts: use sieve_before
# in the plugin section.
#
# The field must be the one that tag-header and tag-value in postern.conf set.
# Trust it only if all mail comes through the gateway.
require ["fileinto", "mailbox", "variables"];

# The name of the folder on your server, such as Junk, Spam or INBOX.Spam.
set "folder" "Junk";

if header :is "X-Spam-Flag" "YES" {
	fileinto :create "${folder}";
	stop;
}
