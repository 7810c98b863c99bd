--TEST--
Bad input: an event's data is written as json_encode() writes it, or refused with a reason
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
enum Level: int { case Low = 1; }
enum Pure { case One; }
final class Hidden { private int $private = 1; protected int $protected = 2; public int $unset; public readonly int $late; public int $public = 3; }
final class Returns implements JsonSerializable
{
    public function __construct(private mixed $value) {}
    public function jsonSerialize(): mixed { return $this->value; }
}
$relay = new FakeRelay();
$publisher = $relay->publisher(['payload_bytes' => 5000]);
$nested = fn (int $levels) => array_reduce(range(1, $levels), fn ($inner) => [$inner], 1);
$one = 1;
$shared = new stdClass();
$self = new stdClass();
$self->self = [&$self];
$dynamic = new stdClass();
$dynamic->{'0'} = 'zero';
$dynamic->{''} = 'empty';
$returnsItself = new Returns(null);
(fn () => $this->value = [$this])->call($returnsItself);
$all = [
    'good' => [
        'null' => null, 'zero float' => [-0.0, 0.1, 1e25, 5e-324], 'limits' => [PHP_INT_MAX, PHP_INT_MIN], 'strings' => ['5', '05', '1e5', '', '0'],
        'integer keys' => [5 => 'a', 7 => 'b'], 'list' => ['0' => 'a', '1' => 'b'], 'not from zero' => [1 => 'a'], 'gap' => array_filter([1, 0, 2]),
        'nul' => ["a\0b" => "\0"], 'controls' => "\x01\x1f\x7f\u{2028}\u{10ffff}", 'html' => '</script><!--&\'"', 'slashes' => 'a/b\\c', 'quotes' => str_repeat('"\\', 9),
        'references' => [&$one, &$one, [&$one]], 'shared' => [$shared, $shared], 'backed' => [Level::Low, 'k' => Level::Low], 'hidden' => new Hidden(),
        'empty object' => new stdClass(), 'dynamic' => $dynamic, 'array object' => new ArrayObject(['a' => [1]]), 'closure' => fn () => 1, 'generator' => (fn () => yield 1)(),
        'storage' => new SplObjectStorage(), 'date' => new DateTimeZone('UTC'), 'returns' => [new Returns(new Returns([new Returns(null)]))], '512 levels' => $nested(512),
        'returns text' => new Returns("\"'"), 'nul key of object' => (object) ["\0a" => NAN, 'b' => 1], 'limit' => str_repeat('x', 4998), 'limit of escapes' => str_repeat("\0", 833),
    ],
    'bad' => [
        '513 levels' => $nested(513), '5000 levels' => $nested(5000), 'inf inside' => ['a' => ['b' => -INF]], 'nan' => NAN, 'not utf-8 key' => ["\xff" => 1], 'not utf-8' => [["a\xc3"]],
        'lone surrogate' => "\xed\xa0\x80", 'pure enum' => [Pure::One], 'resource' => [STDIN], 'self' => $self, 'returns itself' => $returnsItself, 'returns bad' => new Returns("\xff"),
        'returns resource' => new Returns(STDIN), 'too long' => str_repeat('x', 4999), 'too long by escapes' => str_repeat("\0", 834), 'huge' => str_repeat('x', 3000000),
    ],
];
foreach ($all['good'] as $name => $data) {
    if ($publisher->trigger('c', 'e', $data) !== $publisher::SENT) {
        echo "$name was not sent\n";
    }
}
$publisher->flush(5000);
foreach (array_combine(array_keys($all['good']), $relay->events()) as $name => $event) {
    $text = json_decode($event['text'], true, 8)['data'];
    echo $name, ': ', $text === json_encode($all['good'][$name]) ? 'same' : $text, "\n";
}
foreach ($all['bad'] as $name => $data) {
    echo "$name: ";
    try {
        $publisher->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => 1], ['channel' => 'c', 'name' => 'e', 'data' => $data]]);
        echo "sent\n";
    } catch (Clairon\Exception\PayloadException $e) {
        echo $e->getMessage(), "\n";
    }
}
var_dump($publisher->flush(5000), count($relay->events()), json_last_error());
?>
--EXPECT--
null: same
zero float: same
limits: same
strings: same
integer keys: same
list: same
not from zero: same
gap: same
nul: same
controls: same
html: same
slashes: same
quotes: same
references: same
shared: same
backed: same
hidden: same
empty object: same
dynamic: same
array object: same
closure: same
generator: same
storage: same
date: same
returns: same
512 levels: same
returns text: same
nul key of object: same
limit: same
limit of escapes: same
513 levels: the event's data cannot be encoded: it is nested deeper than 512 levels
5000 levels: the event's data cannot be encoded: it is nested deeper than 512 levels
inf inside: the event's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
nan: the event's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
not utf-8 key: the event's data cannot be encoded: it holds a string that is not valid UTF-8
not utf-8: the event's data cannot be encoded: it holds a string that is not valid UTF-8
lone surrogate: the event's data cannot be encoded: it holds a string that is not valid UTF-8
pure enum: the event's data cannot be encoded: it holds an enum case without a value
resource: the event's data cannot be encoded: it holds a value that JSON has no type for
self: the event's data cannot be encoded: it contains itself
returns itself: the event's data cannot be encoded: it contains itself
returns bad: the event's data cannot be encoded: it holds a string that is not valid UTF-8
returns resource: the event's data cannot be encoded: it holds a value that JSON has no type for
too long: the event's data has 5001 bytes as JSON; at most 5000 are allowed
too long by escapes: the event's data has 5006 bytes as JSON; at most 5000 are allowed
huge: the event's data has 3000002 bytes as JSON; at most 5000 are allowed
bool(true)
int(0)
int(0)
