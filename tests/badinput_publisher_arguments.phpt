--TEST--
Bad input: each argument of each method of Publisher refuses odd values, and the next event leaves as if nothing was
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/odd_values.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher();
walk($publisher, [
    'trigger' => ['c', 'e', 1, null, null],
    'triggerBatch' => [[['channel' => 'c', 'name' => 'e', 'data' => 1]], null],
    'flush' => [0],
    'authorizeChannel' => ['private-c', '1.2', null],
    'authorizePresenceChannel' => ['presence-c', '1.2', 'u', null],
    'authenticateUser' => ['1.2', ['id' => 'u']],
]);
echo "-- within a batch\n";
foreach (['channel', 'name', 'data', 'socket_id', 'other', 5] as $key) {
    $seen = [];
    foreach (odd_values() as $value) {
        try {
            $publisher->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => 1], [$key => $value] + ['channel' => 'c', 'name' => 'e', 'data' => 1]]);
            $seen['returned'] = ($seen['returned'] ?? 0) + 1;
        } catch (Throwable $e) {
            $seen[get_class($e)] = ($seen[get_class($e)] ?? 0) + 1;
        }
    }
    ksort($seen);
    echo "$key: ", urldecode(http_build_query($seen, '', ' ')), "\n";
}
echo "-- the constructor\n";
foreach (['app', 'key', 'secret', 'password', 'bus_prefix', 'outbox_events', 'outbox_bytes', 'cli_wait_ms', 'payload_bytes',
    'spool', 'spool_bytes', 'spool_age_s', 'ack_timeout_ms', 'flush'] as $option) {
    $seen = [];
    foreach (odd_values() as $value) {
        try {
            new Clairon\Publisher('unix:/nowhere/relay.sock', [$option => $value] + OPTIONS);
            $seen['returned'] = ($seen['returned'] ?? 0) + 1;
        } catch (Throwable $e) {
            $seen[get_class($e)] = ($seen[get_class($e)] ?? 0) + 1;
        }
    }
    ksort($seen);
    echo "$option: ", urldecode(http_build_query($seen, '', ' ')), "\n";
}
foreach (odd_values() as $value) {
    foreach ([fn () => new Clairon\Publisher($value, OPTIONS), fn () => new Clairon\Publisher('unix:/nowhere/relay.sock', $value)] as $make) {
        try {
            $make();
            echo "made\n";
        } catch (TypeError | ValueError | DomainException) {
            continue;
        }
    }
}
echo "-- and then\n";
$publisher->flush(5000);
$relay->take();
var_dump($publisher->trigger('c', 'last', ["\0" => "\0"]) === $publisher::SENT, $publisher->flush(5000));
foreach ($relay->events() as $event) {
    echo $event['text'], "\n";
}
$s = $publisher->stats();
echo json_encode([$s['sent'] - $s['acknowledged'], $s['rejected'], $s['dropped']]), "\n";
?>
--EXPECT--
trigger #1: DomainException=1 TypeError=15 ValueError=17 returned=16
trigger #2: DomainException=1 TypeError=19 ValueError=8 returned=21
trigger #3: Clairon\Exception\PayloadException=12 returned=37
trigger #4: DomainException=1 TypeError=19 ValueError=27 returned=2
trigger #5: DomainException=1 TypeError=19 ValueError=28 returned=1
triggerBatch #1: TypeError=46 ValueError=3
triggerBatch #2: DomainException=1 TypeError=19 ValueError=28 returned=1
flush #1: TypeError=38 ValueError=3 returned=8
authorizeChannel #1: DomainException=1 TypeError=19 ValueError=16 returned=13
authorizeChannel #2: DomainException=1 TypeError=19 ValueError=28 returned=1
authorizeChannel #3: DomainException=1 TypeError=19 ValueError=3 returned=26
authorizePresenceChannel #1: DomainException=1 TypeError=19 ValueError=29
authorizePresenceChannel #2: DomainException=1 TypeError=19 ValueError=28 returned=1
authorizePresenceChannel #3: Clairon\Exception\PayloadException=3 DomainException=1 TypeError=19 ValueError=3 returned=23
authorizePresenceChannel #4: Clairon\Exception\PayloadException=11 returned=38
authenticateUser #1: DomainException=1 TypeError=19 ValueError=28 returned=1
authenticateUser #2: TypeError=41 ValueError=8
-- within a batch
channel: TypeError=4 ValueError=38 returned=7
name: ValueError=38 returned=11
data: Clairon\Exception\PayloadException=12 returned=37
socket_id: ValueError=48 returned=1
other: ValueError=49
5: ValueError=49
-- the constructor
app: TypeError=32 ValueError=13 returned=4
key: TypeError=32 ValueError=11 returned=6
secret: TypeError=32 ValueError=3 returned=14
password: TypeError=32 ValueError=16 returned=1
bus_prefix: TypeError=32 ValueError=12 returned=5
outbox_events: TypeError=44 ValueError=4 returned=1
outbox_bytes: TypeError=44 ValueError=4 returned=1
cli_wait_ms: TypeError=44 ValueError=3 returned=2
payload_bytes: TypeError=44 ValueError=4 returned=1
spool: TypeError=32 ValueError=15 returned=2
spool_bytes: TypeError=44 ValueError=4 returned=1
spool_age_s: TypeError=44 ValueError=3 returned=2
ack_timeout_ms: TypeError=44 ValueError=4 returned=1
flush: TypeError=32 ValueError=16 returned=1
-- and then
bool(true)
bool(true)
{"event":"last","channel":"c","data":"{\"\\u0000\":\"\\u0000\"}"}
[0,0,0]
