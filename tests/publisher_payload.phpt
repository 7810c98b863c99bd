--TEST--
Publisher: data that can't be encoded or is too long raises PayloadException; jsonSerialize() may do anything
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher(['payload_bytes' => 20]);

$itself = [];
$itself['x'] = &$itself;
$deep = 1;
for ($i = 0; $i < 600; $i++) {
    $deep = [$deep];
}
enum Suit { case Hearts; }
foreach ([INF, NAN, "\xff", ["\xc3"], $itself, $deep, fopen('php://memory', 'r'), Suit::Hearts, str_repeat('x', 19)] as $data) {
    thrown(fn () => $publisher->trigger('c', 'e', $data));
}
var_dump($publisher->trigger('c', 'e', str_repeat('x', 18)));

final class Thrower implements JsonSerializable
{
    public function jsonSerialize(): mixed
    {
        throw new DomainException('its own');
    }
}
json_decode('{');
thrown(fn () => $publisher->trigger('c', 'e', [new Thrower()]));
thrown(fn () => $publisher->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => 1], ['channel' => 'c', 'name' => 'e', 'data' => new Thrower()]]));

final class Trigger implements JsonSerializable
{
    public function __construct(private Clairon\Publisher $publisher, private mixed &$victim = null)
    {
    }

    public function jsonSerialize(): mixed
    {
        $this->publisher->trigger('c', 'inner', 1);
        $this->victim = 'changed';
        return 2;
    }
}
var_dump($publisher->trigger('c', 'outer', new Trigger($publisher)));

// A batch that changes under the hand: its first event replaces the second by way of a reference.
$second = ['channel' => 'c', 'name' => 'second', 'data' => 3];
thrown(fn () => $publisher->triggerBatch([['channel' => 'c', 'name' => 'first', 'data' => new Trigger($publisher, $second)], &$second]));
$list = ['c', str_repeat('d', 50)];
$batch = [['channel' => &$list, 'name' => 'first', 'data' => new Trigger($publisher, $list)]];
var_dump($publisher->triggerBatch($batch));
echo json_last_error_msg(), " is the script's own\n";
$publisher->flush(5000);
foreach ($relay->events() as $e) {
    echo $e['sequence'], ' ', $e['text'], "\n";
}
var_dump(is_subclass_of(Clairon\Exception\PayloadException::class, ValueError::class));
var_dump(is_subclass_of(Clairon\Exception\PayloadException::class, Clairon\Exception\ClaironException::class));
?>
--EXPECT--
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds a string that is not valid UTF-8
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds a string that is not valid UTF-8
Clairon\Exception\PayloadException: the event's data cannot be encoded: it contains itself
Clairon\Exception\PayloadException: the event's data cannot be encoded: it is nested deeper than 512 levels
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds a value that JSON has no type for
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds an enum case without a value
Clairon\Exception\PayloadException: the event's data has 21 bytes as JSON; at most 20 are allowed
int(2)
DomainException: its own
DomainException: its own
int(2)
TypeError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must contain only arrays, string given
int(2)
Syntax error is the script's own
1 {"event":"e","channel":"c","data":"\"xxxxxxxxxxxxxxxxxx\""}
2 {"event":"inner","channel":"c","data":"1"}
3 {"event":"outer","channel":"c","data":"2"}
4 {"event":"inner","channel":"c","data":"1"}
5 {"event":"inner","channel":"c","data":"1"}
6 {"event":"first","channel":"changed","data":"2"}
bool(true)
bool(true)
