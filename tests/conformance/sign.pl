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

my ($rsa, $ed25519, $domain) = @ARGV;

eval { require Mail::DKIM::Signer; require Mail::DKIM::PrivateKey; 1 }
    or exit 77;
my %known = ('rsa-sha256' => $rsa);
$known{'ed25519-sha256'} = $ed25519
    if eval { require Mail::DKIM::Algorithm::ed25519_sha256; 1 };

binmode(STDIN);
binmode(STDOUT);
while (defined(my $line = <STDIN>)) {
	my ($selector, $algorithm, $method, $oversign, $length) =
	    split(/\s+/, $line);
	read(STDIN, my $message, $length) == $length or die "cut off\n";
	if (!exists $known{$algorithm}) {
		print "-\n";
		next;
	}
	my $signer = Mail::DKIM::Signer->new(
		Algorithm => $algorithm,
		Method => $method,
		Domain => $domain,
		Selector => $selector,
		Key => Mail::DKIM::PrivateKey->load(
			File => $known{$algorithm}),
	);
	$signer->extended_headers({From => '+', Subject => '+'}) if $oversign;
	$signer->PRINT($message);
	$signer->CLOSE();
	my $field = $signer->signature->as_string;
	print length($field), "\n", $field;
}
