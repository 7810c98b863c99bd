--TEST--
Relay: a wrong secret and an unknown application are refused, and nobody else is disturbed
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
$relay = new Relay(1, ['--app', 'app2:key2:secret2']);
$good = $relay->publisher();
$browser = new Browser($relay->port);
$browser->subscribe('c');
foreach ([['secret' => 'wrong'], ['app' => 'app9'], ['secret' => 'secret2'], ['app' => 'app2']] as $options) {
    $bad = $relay->publisher($options);
    $bad->trigger('c', 'bad', 1);
    $bad->flush(1000);
    $s = $bad->stats();
    echo json_encode([$s['connected'], $s['rejected'], $s['acknowledged']]), ' ', $s['last_error'], "\n";
    $good->trigger('c', 'good', 1);
    echo $browser->next()['event'], "\n";
}
echo "-- the right secret of another application is another application\n";
$other = $relay->publisher(['app' => 'app2', 'secret' => 'secret2']);
$other->trigger('c', 'other', 1);
var_dump($other->flush(1000));
$good->trigger('c', 'good', 1);
echo $browser->next()['event'], "\n";
echo "-- a prefix that the relay does not have\n";
$foreign = $relay->publisher(['bus_prefix' => 'foreign']);
$foreign->trigger('c', 'e', 1);
$foreign->flush(1000);
echo $foreign->stats()['rejected'], ' ', $foreign->stats()['last_error'], "\n";
?>
--EXPECT--
[false,1,0] refused at AUTH: WRONGPASS no application has that id and secret
good
[false,1,0] refused at AUTH: WRONGPASS no application has that id and secret
good
[false,1,0] refused at AUTH: WRONGPASS no application has that id and secret
good
[false,1,0] refused at AUTH: WRONGPASS no application has that id and secret
good
-- the right secret of another application is another application
bool(true)
good
-- a prefix that the relay does not have
1 event rejected: ERR not a bus channel: PREFIX:1:{PART}:APPID:CHANNEL with this relay's prefix
