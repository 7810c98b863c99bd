--TEST--
Publisher: signatures for channels, members and users are those of the Pusher documentation
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
function publisher(string $key, string $secret): Clairon\Publisher
{
    return new Clairon\Publisher('unix:/nowhere/relay.sock', ['app' => 'a', 'key' => $key, 'secret' => $secret]);
}
$a = publisher('278d425bdf160c739803', '7ad3773142a6692b25b8');
echo $a->authorizeChannel('private-foobar', '1234.1234'), "\n";
echo $a->authorizeChannel('presence-foobar', '1234.1234', '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'), "\n";
echo $a->authorizeChannel('presence-foobar', '1234.1234', '{"user_id":10,"user_info":{"name":"Mr. Pusher"}}'), "\n";
echo $a->authenticateUser('1234.1234', ['id' => '12345']), "\n";
$b = publisher('key1', 'secret1');
echo $b->authorizeChannel('private-orders.42', '123456.7890'), "\n";
echo $b->authorizeChannel('presence-room', '123456.7890', '{"user_id":"7","user_info":{"name":"Zoë"}}'), "\n";
echo $b->authenticateUser('123456.7890', ['id' => '7']), "\n";
echo $b->authorizeChannel('private-encrypted-bla', '123456.7890'), "\n";
$c = publisher('thisisaauthkey', 'thisisasecret');
echo $c->authorizeChannel('testing_pusher-php', '1.1'), "\n";
echo $c->authorizeChannel('-azAZ9_=@,.;', '45055.28877557', '{"user_id": "123"}'), "\n";
echo $c->authenticateUser('12345.6789', ['id' => '123']), "\n";
$d = publisher('key', 'secret');
echo $d->authorizeChannel('private-conversation.9', '123.456'), "\n";
echo $d->authorizePresenceChannel('presence-room.1', '123.456', '7', ['name' => 'Ann']), "\n";
echo $d->authenticateUser('123.456', ['id' => '7', 'name' => 'Ann']), "\n";

echo "-- a member without info, with umlauts and slashes; long keys\n";
echo $d->authorizePresenceChannel('presence-room.1', '123.456', '7'), "\n";
$json = json_decode($d->authorizePresenceChannel('presence-room.1', '123.456', 'Zoë/1', (object) ['x' => "ë/\u{1f600}"]));
echo $json->channel_data, "\n";
var_dump($json->channel_data === json_encode(['user_id' => 'Zoë/1', 'user_info' => ['x' => "ë/\u{1f600}"]]));
var_dump($json->auth === 'key:' . hash_hmac('sha256', "123.456:presence-room.1:$json->channel_data", 'secret'));
foreach ([63, 64, 65, 128] as $length) {
    $secret = str_repeat('s', $length);
    $auth = json_decode(publisher('key', $secret)->authorizeChannel('c', '1.1'))->auth;
    var_dump($auth === 'key:' . hash_hmac('sha256', '1.1:c', $secret));
}

echo "-- mistakes\n";
thrown(fn () => $d->authorizeChannel('a b', '1.1'));
thrown(fn () => $d->authorizeChannel('c', '1:1'));
thrown(fn () => $d->authorizeChannel('c', '1.1', "\xff"));
thrown(fn () => $d->authorizePresenceChannel('private-c', '1.1', '7'));
thrown(fn () => $d->authorizePresenceChannel('presence-c', '1', '7'));
thrown(fn () => $d->authorizePresenceChannel('presence-c', '1.1', ''));
thrown(fn () => $d->authorizePresenceChannel('presence-c', '1.1', "\xff"));
thrown(fn () => $d->authorizePresenceChannel('presence-c', '1.1', '7', NAN));
thrown(fn () => $d->authenticateUser('1.1', []));
thrown(fn () => $d->authenticateUser('1.1', ['id' => '']));
thrown(fn () => $d->authenticateUser('1.1', ['id' => 7]));
thrown(fn () => $d->authenticateUser('x', ['id' => '7']));
thrown(fn () => $d->authenticateUser('1.1', ['id' => '7', 'x' => INF]));
?>
--EXPECT--
{"auth":"278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"}
{"auth":"278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80","channel_data":"{\"user_id\":10,\"user_info\":{\"name\":\"Mr. Channels\"}}"}
{"auth":"278d425bdf160c739803:afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c","channel_data":"{\"user_id\":10,\"user_info\":{\"name\":\"Mr. Pusher\"}}"}
{"auth":"278d425bdf160c739803:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba","user_data":"{\"id\":\"12345\"}"}
{"auth":"key1:bdd475f80b386ea44d12b6ac1f848ed2853eb632b576e891f6cc8daa57fae4b0"}
{"auth":"key1:b12345bf60c6adab040ea6fe56b70dc6a159b7dd93de515a2e689155ba552816","channel_data":"{\"user_id\":\"7\",\"user_info\":{\"name\":\"Zo\u00eb\"}}"}
{"auth":"key1:e0cd87b7b0b5d9a2be2505e7547f8819e3e08731fab6bdb64f33bf70f21c455c","user_data":"{\"id\":\"7\"}"}
{"auth":"key1:cda186a2a2353482a8c56c2105daad1fd502769353feef81d46241cd72c779e5"}
{"auth":"thisisaauthkey:751ccc12aeaa79d46f7c199bced5fa47527d3480b51fe61a0bd10438241bd52d"}
{"auth":"thisisaauthkey:3b3f1dcc4d7d2f95dd10ed05562397b3287b102d4cccfacbf30eed2f1ffa3d69","channel_data":"{\"user_id\": \"123\"}"}
{"auth":"thisisaauthkey:fc713f433deb729d0d96f9e26ef054285cbc3e833ebe840b93722a2fa16a6a18","user_data":"{\"id\":\"123\"}"}
{"auth":"key:72f6540e74fd733276c6193749d3aee2266468037a14f0d617999c56f6a5a79c"}
{"auth":"key:92072febb00c29c149ac6d9652450f9b4b5fa15b04d8212d0198ca88ef463741","channel_data":"{\"user_id\":\"7\",\"user_info\":{\"name\":\"Ann\"}}"}
{"auth":"key:1b2955b4d8b4a4a9254fb8bd8e4e7c9a5393fe35a45956ed85621923ba7e3ed9","user_data":"{\"id\":\"7\",\"name\":\"Ann\"}"}
-- a member without info, with umlauts and slashes; long keys
{"auth":"key:94422b56056c2fd75427a164f59151060799c06294ee58def8e22d918e3b54ba","channel_data":"{\"user_id\":\"7\"}"}
{"user_id":"Zo\u00eb\/1","user_info":{"x":"\u00eb\/\ud83d\ude00"}}
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
-- mistakes
ValueError: Clairon\Publisher::authorizeChannel(): Argument #1 ($channel) must be a channel name: 1 to 164 letters, digits and _ - = @ , . ;
ValueError: Clairon\Publisher::authorizeChannel(): Argument #2 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
ValueError: Clairon\Publisher::authorizeChannel(): Argument #3 ($channelData) must be valid UTF-8
ValueError: Clairon\Publisher::authorizePresenceChannel(): Argument #1 ($channel) must begin with presence-
ValueError: Clairon\Publisher::authorizePresenceChannel(): Argument #2 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
ValueError: Clairon\Publisher::authorizePresenceChannel(): Argument #3 ($userId) must not be empty
Clairon\Exception\PayloadException: the member's data cannot be encoded: it holds a string that is not valid UTF-8
Clairon\Exception\PayloadException: the member's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
ValueError: Clairon\Publisher::authenticateUser(): Argument #2 ($userData) must have an "id" that is a string and not empty
ValueError: Clairon\Publisher::authenticateUser(): Argument #2 ($userData) must have an "id" that is a string and not empty
ValueError: Clairon\Publisher::authenticateUser(): Argument #2 ($userData) must have an "id" that is a string and not empty
ValueError: Clairon\Publisher::authenticateUser(): Argument #1 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
Clairon\Exception\PayloadException: the user's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
