--TEST--
Spool: options that can't be right are refused in words; without a spool nothing of it is there
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
clairon.spool_bytes=100000
clairon.spool_age_s=7
clairon.ack_timeout_ms=80
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
ini_set('open_basedir', dirname(__DIR__) . ':' . sys_get_temp_dir());
$with = fn (array $options) => new Clairon\Publisher('unix:' . sys_get_temp_dir() . '/nobody.sock', $options + OPTIONS);
foreach ([
    ['spool' => 'clairon.spool'], ['spool' => "/tmp/a\0b"], ['spool' => '/' . str_repeat('x', 1023)], ['spool' => 1],
    ['spool' => '/etc/clairon.spool'], ['spool' => sys_get_temp_dir() . '/../../../../etc/clairon.spool'],
    ['spool_bytes' => 65535], ['spool_bytes' => PHP_INT_MAX], ['spool_bytes' => '65536'],
    ['spool_age_s' => -1], ['spool_age_s' => PHP_INT_MAX], ['ack_timeout_ms' => 0], ['ack_timeout_ms' => 600001], ['ack_timeout_ms' => 1.5],
] as $options) {
    thrown(fn () => $with($options));
}
foreach ([[], ['spool' => null], ['spool' => '', 'spool_bytes' => 65536, 'spool_age_s' => 0, 'ack_timeout_ms' => 10]] as $options) {
    $publisher = $with($options);
    $publisher->trigger('c', 'e', 1);
    echo json_encode([$publisher->stats()['mode'], $publisher->stats()['spool'], $publisher->stats()['pending']]), "\n";
}
$path = sys_get_temp_dir() . '/' . str_repeat('x', 1023 - strlen(sys_get_temp_dir()) - 1);
$publisher = $with(['spool' => $path]);
$publisher->trigger('c', 'e', 1);
$s = $publisher->stats();
echo json_encode([$s['spool']['bytes_max'], $s['spool']['path'] === $path, $s['mode'], $s['pending']]), "\n";
echo strlen($s['last_error']) > 100 ? substr($s['last_error'], -20) : $s['last_error'], "\n";
foreach (['spool_bytes', 'spool_age_s', 'ack_timeout_ms'] as $name) {
    echo $name, ' = ', ini_get("clairon.$name"), "\n";
}
?>
--EXPECT--
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be an absolute path: it begins with /
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path without NUL bytes
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path of at most 1023 bytes
TypeError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be of type string, int given
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path that open_basedir allows
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path that open_basedir allows
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool_bytes" must be between 65536 and 68719476736
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool_bytes" must be between 65536 and 68719476736
TypeError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool_bytes" must be of type int, string given
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool_age_s" must be between 0 and 2592000
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool_age_s" must be between 0 and 2592000
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "ack_timeout_ms" must be between 10 and 600000
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "ack_timeout_ms" must be between 10 and 600000
TypeError: Clairon\Publisher::__construct(): Argument #2 ($options) option "ack_timeout_ms" must be of type int, float given
["direct",null,1]
["direct",null,2]
["direct",null,1]
[100000,true,"spooling",1]
: File name too long
spool_bytes = 100000
spool_age_s = 7
ack_timeout_ms = 80
