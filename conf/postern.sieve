# SPDX-License-Identifier: BSD-2-Clause
#
# Files what Postern tagged into the spam folder (RFC 5228). For Dovecot, run it
# before the users' own scripts: sieve_before in the plugin section.
#
# The field must be the one that postern.conf names in tag-header and
# tag-value. Trust it only where all mail comes through the gateway.
require ["fileinto", "mailbox", "variables"];

# The folder's name on your server: Junk, Spam, INBOX.Spam...
set "folder" "Junk";

if header :is "X-Spam-Flag" "YES" {
	fileinto :create "${folder}";
	stop;
}
