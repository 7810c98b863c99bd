--TEST--
Publisher: the data's JSON text comes back the same for every length and every place of quotes and backslashes
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher();
$all = [];
for ($length = 0; $length <= 40; $length++) {
    foreach (['x', '"', '\\', 'xxxxxxx"', 'xxx\\"/é', "\0\n\u{7f}!#[]"] as $pattern) {
        $all[] = mb_cut(str_repeat($pattern, 40), $length);
    }
}
foreach ($all as $data) {
    $publisher->trigger('c', 'e', $data);
}
var_dump($publisher->flush(5000), $relay->wait(count($all)) === count($all));
foreach ($relay->events() as $i => $e) {
    if (json_decode($e['text'])->data !== json_encode($all[$i])) {
        echo json_encode($all[$i]), ' became ', $e['text'], "\n";
    }
}

/** The first characters of a text. */
function mb_cut(string $text, int $length): string
{
    preg_match("/\\A.{0,$length}/us", $text, $m);
    return $m[0];
}
?>
--EXPECT--
bool(true)
bool(true)
