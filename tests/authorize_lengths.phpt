--TEST--
Publisher: signatures are hash_hmac()'s for texts and secrets of every length
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
$wrong = $checked = 0;
for ($length = 1; $length <= 128; $length++) {
    $secret = substr(str_repeat('The quick brown fox jumps over the lazy dog; ', 3), 0, $length);
    $publisher = new Clairon\Publisher('unix:/nowhere/relay.sock', ['app' => 'a', 'key' => 'k', 'secret' => $secret]);
    for ($i = $length % 3; $i < 260; $i += $length === 20 ? 1 : 37) {
        $data = str_repeat('x', $i);
        $right = 'k:' . hash_hmac('sha256', "1.2:private-c:$data", $secret);
        $wrong += json_decode($publisher->authorizeChannel('private-c', '1.2', $data))->auth !== $right ? 1 : 0;
        $checked++;
    }
    unset($publisher);
}
$data = str_repeat('0123456789', 100000);
$publisher = new Clairon\Publisher('unix:/nowhere/relay.sock', ['app' => 'a', 'key' => 'k', 'secret' => 's']);
$wrong += json_decode($publisher->authorizeChannel('private-c', '1.2', $data))->auth !== 'k:' . hash_hmac('sha256', "1.2:private-c:$data", 's') ? 1 : 0;
var_dump($checked > 1000, $wrong);
?>
--EXPECT--
bool(true)
int(0)
