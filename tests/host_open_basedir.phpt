--TEST--
Host: open_basedir holds for sockets and spools, also when it is set later
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$folder = sys_get_temp_dir() . '/clairon-basedir-' . getmypid();
mkdir("$folder/inside", 0700, true);
symlink("$folder/outside.spool", "$folder/inside/link.spool");
$early = new Clairon\Publisher("unix:$folder/relay.sock", OPTIONS + ['spool' => "$folder/outside.spool"]);
ini_set('open_basedir', "$folder/inside");
$inside = "unix:$folder/inside/relay.sock";
foreach (["$folder/outside.spool", "$folder/inside/../outside.spool", "$folder/inside/link.spool", "$folder/inside2.spool", '/proc/self/mem', 'php://memory', "file://$folder/outside.spool"] as $path) {
    thrown(fn () => new Clairon\Publisher($inside, OPTIONS + ['spool' => $path]));
}
thrown(fn () => new Clairon\Publisher("unix:$folder/relay.sock", OPTIONS));
thrown(fn () => new Clairon\Publisher("redis+unix:$folder/redis.sock", OPTIONS));
$good = new Clairon\Publisher($inside, OPTIONS + ['spool' => "$folder/inside/own.spool"]);
new Clairon\Publisher('tcp://127.0.0.1:1', OPTIONS + ['spool' => '']);
// What was allowed when it was made, stays.
foreach ([$early, $good] as $publisher) {
    var_dump($publisher->trigger('c', 'e', 1) === $publisher::PENDING);
}
var_dump($early->stats()['spool']['waiting'], $good->stats()['spool']['waiting'], is_file("$folder/inside/own.spool"));
unset($early, $good, $publisher);
exec('rm -r ' . escapeshellarg($folder));
?>
--EXPECT--
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path that open_basedir allows
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path that open_basedir allows
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path that open_basedir allows
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path that open_basedir allows
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be a path that open_basedir allows
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be an absolute path: it begins with /
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "spool" must be an absolute path: it begins with /
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) has a socket path outside of open_basedir
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) has a socket path outside of open_basedir
bool(true)
bool(true)
int(1)
int(1)
bool(true)
