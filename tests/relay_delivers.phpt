--TEST--
Relay: trigger(), batch, excluded sockets, private and presence channels reach clients of the real relay
--EXTENSIONS--
clairon
--SKIPIF--
<?php require __DIR__ . "/support/relay.inc"; if (!relay_binary()) die("skip the relay is not built"); ?>
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/relay.inc';
foreach ([1, 2] as $workers) {
    $relay = new Relay($workers);
    $publisher = $relay->publisher();
    $a = new Browser($relay->port);
    $b = new Browser($relay->port);
    foreach ([$a, $b] as $browser) {
        $auth = json_decode($publisher->authorizeChannel('private-c', $browser->socketId), true);
        echo $browser->subscribe('private-c', $auth)['event'], "\n";
    }
    $publisher->trigger('private-c', 'App\Events\é"', ['text' => "ë/\u{1f600}"], $a->socketId);
    $publisher->triggerBatch([['channel' => 'nobody', 'name' => 'x', 'data' => 1], ['channel' => ['private-c'], 'name' => 'y', 'data' => null]]);
    var_dump($publisher->flush(5000));
    echo json_encode([$b->next(), $b->next(), $a->next()]), "\n";
    $auth = json_decode($publisher->authorizePresenceChannel('presence-r', $a->socketId, '7', ['name' => 'Zoë']), true);
    echo json_encode($a->subscribe('presence-r', $auth)), "\n";
    echo $a->subscribe('private-c2', ['auth' => 'key1:' . str_repeat('0', 64)])['event'], "\n";
    $s = $publisher->stats();
    echo json_encode([$s['sent'], $s['acknowledged'], $s['rejected'], $s['last_error']]), "\n";
}
?>
--EXPECT--
pusher_internal:subscription_succeeded
pusher_internal:subscription_succeeded
bool(true)
[{"event":"App\\Events\\\u00e9\"","channel":"private-c","data":"{\"text\":\"\\u00eb\\\/\\ud83d\\ude00\"}"},{"event":"y","channel":"private-c","data":"null"},{"event":"y","channel":"private-c","data":"null"}]
{"event":"pusher_internal:subscription_succeeded","channel":"presence-r","data":"{\"presence\":{\"ids\":[\"7\"],\"hash\":{\"7\":{\"name\":\"Zo\\u00eb\"}},\"count\":1}}"}
pusher:error
[3,3,0,null]
pusher_internal:subscription_succeeded
pusher_internal:subscription_succeeded
bool(true)
[{"event":"App\\Events\\\u00e9\"","channel":"private-c","data":"{\"text\":\"\\u00eb\\\/\\ud83d\\ude00\"}"},{"event":"y","channel":"private-c","data":"null"},{"event":"y","channel":"private-c","data":"null"}]
{"event":"pusher_internal:subscription_succeeded","channel":"presence-r","data":"{\"presence\":{\"ids\":[\"7\"],\"hash\":{\"7\":{\"name\":\"Zo\\u00eb\"}},\"count\":1}}"}
pusher:error
[3,3,0,null]
