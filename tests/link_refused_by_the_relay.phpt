--TEST--
Link: a wrong secret or a version that can't be spoken is said in last_error; events count as rejected
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/resp.inc';
$cases = [
    ['auth' => "-WRONGPASS no application app1 with this secret\r\n"],
    ['hello' => "-NOPROTO envelope version 1 is not spoken here, install clairon 9\r\n"],
    ['hello' => resp_map(['server' => 'clairon', 'version' => '9.0.0', 'envelope_min' => 2, 'envelope_max' => 3])],
    ['hello' => resp_map(['server' => 'redis', 'version' => '7.0.0'])],
    ['hello' => "+OK\r\n"],
    ['auth' => "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ['auth' => '$999999999' . "\r\n" . str_repeat('x', 100000)],
];
foreach ($cases as $ways) {
    $relay = new FakeRelay('unix', $ways);
    $publisher = $relay->publisher();
    $publisher->trigger('c', 'e', 1);
    $relay->wait(1);
    $publisher->trigger('c', 'e', 2);
    $publisher->flush(150);
    $s = $publisher->stats();
    echo json_encode(['rejected' => $s['rejected'] > 0, 'acknowledged' => $s['acknowledged']]), ' ', $s['last_error'], "\n";
    // The relay is put right: what comes from now on arrives.
    $relay->ways(['auth' => "+OK\r\n", 'hello' => resp_map(['envelope_min' => 1, 'envelope_max' => 1])]);
    $relay->take();
    $publisher->trigger('c', 'e', 'after');
    var_dump($publisher->flush(5000));
    $events = $relay->events();
    echo json_decode(end($events)['text'])->data, "\n";
}
?>
--EXPECT--
{"rejected":true,"acknowledged":0} refused at AUTH: WRONGPASS no application app1 with this secret
bool(true)
"after"
{"rejected":true,"acknowledged":0} refused at HELLO: NOPROTO envelope version 1 is not spoken here, install clairon 9
bool(true)
"after"
{"rejected":true,"acknowledged":0} clairon-relay takes envelope versions 2 to 3 and this extension (0.1.0) writes 1: install both from one release
bool(true)
"after"
{"rejected":true,"acknowledged":0} the peer is not clairon-relay: HELLO names no envelope versions
bool(true)
"after"
{"rejected":true,"acknowledged":0} the peer does not answer HELLO as clairon-relay does
bool(true)
"after"
{"rejected":false,"acknowledged":0} the peer does not speak RESP
bool(true)
"after"
{"rejected":false,"acknowledged":0} the peer's reply is too long
bool(true)
"after"
