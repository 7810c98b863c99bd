--TEST--
Publisher: whichever way data becomes JSON, its text is json_encode()'s
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher(['payload_bytes' => 1000000]);

/** A reproducible stream of numbers below $bound. */
function number(int $bound): int
{
    static $state = 42;
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    return ($state >> 8) % $bound;
}

function text(): string
{
    $pieces = ['a', 'word ', "\u{e9}", "\u{20ac}", "\u{1f600}", "\u{2028}", "\u{ffff}", "\u{10ffff}", '"', '\\', '/', "\0", "\t\n\r\x08\f", "\x1f\x7f",
        'eight...', 'a plain text of more than sixteen bytes', "\u{800}\u{7ff}\u{80}"];
    $text = '';
    for ($i = number(6); $i > 0; $i--) {
        $text .= $pieces[number(count($pieces))];
    }
    return $text;
}

function value(int $depth): mixed
{
    switch (number($depth > 4 ? 8 : 12)) {
        case 0: return null;
        case 1: return number(2) === 1;
        case 2: return number(1000);
        case 3: return [PHP_INT_MAX, PHP_INT_MIN, -1, 0, 1234567890123][number(5)];
        case 4: return [0.0, -0.0, 0.1, 1e25, 1e-7, 100000.0, 1 / 3, -1.5, PHP_FLOAT_MAX][number(9)];
        case 8: return array_map(static fn () => value($depth + 1), array_fill(0, number(4), 0));
        case 9:
            $map = [];
            for ($i = number(4); $i > 0; $i--) {
                $map[number(2) === 1 ? text() : number(3) - 1] = value($depth + 1);
            }
            return $map;
        case 10: return (object) ['o' => text()];
        case 11:
            $list = [value(5), value(5), value(5)];
            unset($list[number(3)]);
            $list[] = &$list[1];
            return $list;
        default: return text();
    }
}

$deep = 'x';
for ($i = 0; $i < 31; $i++) {
    $deep = [$deep];
}
$all = [[], [[]], [1 => 1], ['' => ''], [[1, 2], ['a' => []]], $deep, [$deep], [[$deep]], str_repeat('x', 8192), str_repeat("x", 8193), str_repeat("\0", 1700), range(0, 1500),
    str_repeat("\u{e9}", 1700), str_repeat("/", 5000)];
for ($i = 0; $i < 2000; $i++) {
    $all[] = value(0);
}
foreach ([-1, 17, 5] as $precision) {
    ini_set('serialize_precision', (string) $precision);
    foreach ([0.1, 1e25, 123456.789, -2.5e-9] as $float) {
        $all[] = ['precision' => $precision, 'float' => $float];
        $expected[count($all) - 1] = json_encode(end($all));
        $publisher->trigger('c', "early $precision $float", end($all));
    }
}
ini_set('serialize_precision', '-1');
$early = count($expected);
$all = array_slice($all, 0, -$early);
foreach ($all as $i => $data) {
    $publisher->trigger('c', 'e', $data);
}
var_dump($publisher->flush(10000), $relay->wait(count($all) + $early) === count($all) + $early);
$expected = [...array_values($expected), ...array_map(json_encode(...), $all)];
$wrong = 0;
foreach ($relay->events() as $i => $e) {
    if (json_decode($e['text'])->data !== $expected[$i] && $wrong++ < 5) {
        echo substr($expected[$i], 0, 200), ' became ', substr($e['text'], 0, 300), "\n";
    }
}

// What json_encode() refuses is refused, wherever it stands.
foreach (["\xff", "a\u{e9}\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", ["\xe9" => 1], [1, [2, "text \xe2\x82"]], [INF], ['x' => [NAN]]] as $data) {
    try {
        $publisher->trigger('c', 'e', $data);
        echo 'taken: ', bin2hex(serialize($data)), json_encode($data), "\n";
    } catch (Clairon\Exception\PayloadException $e) {
    }
}
json_decode('{');
$publisher->trigger('c', 'e', [1.5, "\u{e9}"]);
echo json_last_error_msg(), " is the script's own\n";
// The limit counts the JSON text, not what escaping makes of it.
$small = $relay->publisher(['payload_bytes' => 20]);
var_dump($small->trigger('c', 'e', str_repeat('"', 9)) !== $small::DROPPED);
try {
    $small->trigger('c', 'e', [str_repeat('"', 9)]);
} catch (Clairon\Exception\PayloadException $e) {
    echo $e->getMessage(), "\n";
}
?>
--EXPECT--
bool(true)
bool(true)
Syntax error is the script's own
bool(true)
the event's data has 22 bytes as JSON; at most 20 are allowed
