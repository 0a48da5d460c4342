#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Signs messages with Mail::DKIM, for run-interop:
#	sign.pl RSA-KEY ED25519-KEY DOMAIN <FRAMES
# A frame is a line "SELECTOR ALGORITHM METHOD OVERSIGN LENGTH", followed by
# LENGTH octets of message. The answer to each is a line with a length, followed
# by the DKIM-Signature field. The length is "-" if Mail::DKIM does not know the
# algorithm.
use strict;
use warnings;
use MIME::Base64;

# A private key of Ed25519 in PKCS #8 is this and its 32 octets (RFC 8410 s. 7).
use constant PKCS8_ED25519 => pack('H*', '302e020100300506032b657004220420');

my ($rsa, $ed25519, $domain) = @ARGV;

eval { require Mail::DKIM::Signer; require Mail::DKIM::PrivateKey; 1 }
    or exit 77;
my %keys = ('rsa-sha256' => Mail::DKIM::PrivateKey->load(File => $rsa));
# Mail::DKIM has this algorithm since 1.20230630.
$keys{'ed25519-sha256'} = load_ed25519($ed25519)
    if eval { require Mail::DKIM::Algorithm::ed25519_sha256; 1 };

# Returns the key of a file that has its octets in base64.
sub load_ed25519
{
	my ($name) = @_;

	open(my $file, '<', $name) or die "$name: $!\n";
	my $octets = decode_base64(scalar(<$file>));
	return Mail::DKIM::PrivateKey->load(
		Type => 'ed25519',
		Data => encode_base64(PKCS8_ED25519 . $octets, ''),
	);
}

binmode(STDIN);
binmode(STDOUT);
while (defined(my $line = <STDIN>)) {
	my ($selector, $algorithm, $method, $oversign, $length) =
	    split(/\s+/, $line);
	read(STDIN, my $message, $length) == $length or die "cut off\n";
	if (!exists $keys{$algorithm}) {
		print "-\n";
		next;
	}
	my $signer = Mail::DKIM::Signer->new(
		Algorithm => $algorithm,
		Method => $method,
		Domain => $domain,
		Selector => $selector,
		Key => $keys{$algorithm},
	);
	$signer->extended_headers({From => '+', Subject => '+'}) if $oversign;
	$signer->PRINT($message);
	$signer->CLOSE();
	my $field = $signer->signature->as_string;
	print length($field), "\n", $field;
}
