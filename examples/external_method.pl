#!/usr/bin/env perl
# A method for Equipoise in Perl: random search first, then mutants of the best architecture seen.
use strict; use warnings; use JSON::PP; $| = 1;
my $json = JSON::PP->new->canonical;
my ($asked, $least, $best) = (0, 9e99, undef);
sub say_line { print $json->encode($_[0]), "\n" }
sub request { say_line($_[0]); return $json->decode(scalar <STDIN>) }
while (my $line = <STDIN>) {
    my $message = $json->decode($line);
    if (my $start = $message->{start}) {
        srand($start->{seed});
    } elsif (my $told = $message->{tell}) {
        ($least, $best) = ($told->{validation_error}, $told->{architecture}) if $told->{validation_error} < $least;
    } elsif ($message->{ask}) {
        my $random = ++$asked <= 10 || !$best || rand() < 0.2;
        my $chosen = $random ? request({sample => 1})->{sample}[0] : request({mutate => $best})->{mutate};
        say_line({architecture => $chosen});
    }
}
