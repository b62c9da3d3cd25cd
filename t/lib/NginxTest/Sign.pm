package NginxTest::Sign;

# Signed URLs, computed here and not by the module.
#
#     signed('/cat.jpg', secret => 'horse', for => 60)
#     signed('/cat.jpg?x=1', secret => 'horse', key => 'k2', expires => 2000000000)

use v5.36;
use Digest::MD5 'md5';
use Digest::SHA qw(hmac_sha1 hmac_sha256);
use Exporter 'import';
use MIME::Base64 qw(encode_base64 encode_base64url);

our @EXPORT = qw(signed b64u b64 md5 hmac_sha1 hmac_sha256);

sub b64u ($bytes) { encode_base64url($bytes) }
sub b64 ($bytes)  { encode_base64($bytes, '') }

# Native.
sub signed ($url, %opt)
{
    my $expires = $opt{expires} // time + ($opt{for} // 3600);
    my $signature = b64u(hmac_sha256("$url\n$expires", $opt{secret}));
    return $url . ($url =~ /\?/ ? '&' : '?') . "signature=$signature&expires=$expires"
        . ($opt{key} ? "&key=$opt{key}" : '');
}

1;
