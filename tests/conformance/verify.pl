#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Verifies messages with Mail::DKIM, for run-differential:
#	verify.pl <FRAMES
# A frame is a line "KEY-LENGTH LENGTH", followed by KEY-LENGTH octets of key
# record, which is found at every name, and LENGTH octets of message. The answer
# to each is a line with the best result of its signatures and its reason.
use strict;
use warnings;

eval { require Mail::DKIM::Verifier; require Mail::DKIM::DNS; 1 }
    or exit 77;

# What a look-up gives: one TXT record.
package Record;

sub new { my ($class, $text) = @_; return bless { text => $text }, $class }
sub type { return 'TXT' }
sub txtdata { return $_[0]->{text} }

package main;

my $record;

{
	no warnings 'redefine';
	*Mail::DKIM::DNS::query = sub { return Record->new($record) };
}

# Returns the result of the message, and why.
sub verdict
{
	my ($message) = @_;
	my $verifier = Mail::DKIM::Verifier->new();

	$verifier->PRINT($message);
	$verifier->CLOSE();
	my @details = map { $_->result_detail } $verifier->signatures;
	return $verifier->result . ' ' . join('; ', @details);
}

binmode(STDIN);
binmode(STDOUT);
while (defined(my $line = <STDIN>)) {
	my ($key_length, $length) = split(/\s+/, $line);

	read(STDIN, $record, $key_length) == $key_length or die "cut off\n";
	read(STDIN, my $message, $length) == $length or die "cut off\n";
	my $answer = eval { verdict($message) } // "died $@";
	$answer =~ s/[^ -~]/?/g;
	print "$answer\n";
}
