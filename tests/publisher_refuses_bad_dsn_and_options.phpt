--TEST--
Publisher: a DSN or an option that can't be right is named, and secrets are not
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$dsns = [
    '', 'relay.sock', '/run/relay.sock', 'unix:', 'unix:relay.sock', "unix:/a\0b", 'unix:/' . str_repeat('p', 107),
    'tcp://', 'tcp://host', 'tcp://host:0', 'tcp://host:65536', 'tcp://host:x', 'tcp://host:1/path', 'tcp://host:1?x=hush',
    'tcp://me:hush@host:1', 'tcp://ho st:1', 'redis://', 'redis://host:6379/x', 'redis://host?x=1', 'redis+unix:hush',
    'redis://' . str_repeat('u', 200) . '@h', 'redis://u:' . str_repeat('p', 600) . '@h', 'rediss://:hush@host', 'http://host',
];
foreach ($dsns as $dsn) {
    thrown(fn () => new Clairon\Publisher($dsn, OPTIONS));
}
echo "-- options\n";
$options = [
    [], ['app' => 'a'], ['app' => 'a', 'key' => 'k'], OPTIONS + ['aap' => 1], OPTIONS + [1], ['app' => 'a b'] + OPTIONS,
    ['app' => 5] + OPTIONS, ['app' => str_repeat('a', 65)] + OPTIONS, ['key' => ''] + OPTIONS, ['key' => 'k:k'] + OPTIONS,
    ['key' => str_repeat('k', 65)] + OPTIONS, ['secret' => ''] + OPTIONS, ['secret' => str_repeat('hush', 33)] + OPTIONS,
    OPTIONS + ['password' => 'hush'], OPTIONS + ['bus_prefix' => 'a{b}'], OPTIONS + ['outbox_events' => 0],
    OPTIONS + ['outbox_events' => '5'], OPTIONS + ['outbox_bytes' => 100], OPTIONS + ['cli_wait_ms' => -1],
    OPTIONS + ['payload_bytes' => 0], OPTIONS + ['payload_bytes' => 1048577],
];
foreach ($options as $option) {
    thrown(fn () => new Clairon\Publisher('unix:/tmp/relay.sock', $option));
}
echo "-- good ones\n";
foreach ([
    'unix:/' . str_repeat('p', 106), 'unix:///run/clairon/relay.sock', 'tcp://127.0.0.1:1', 'tcp://[::1]:65535', 'tcp://relay.example:6002',
    'redis://h', 'redis://:p@h', 'redis://u:p@h:1/0', 'redis+unix:/run/redis.sock',
] as $dsn) {
    new Clairon\Publisher($dsn, OPTIONS + ['outbox_events' => null, 'payload_bytes' => 1048576, 'cli_wait_ms' => 0]);
}
ini_set('open_basedir', __DIR__);
thrown(fn () => new Clairon\Publisher('unix:/nowhere/relay.sock', OPTIONS));
new Clairon\Publisher('unix:' . __DIR__ . '/relay.sock', OPTIONS);
?>
--EXPECT--
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must begin with unix:, tcp://, redis:// or redis+unix:
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must begin with unix:, tcp://, redis:// or redis+unix:
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must begin with unix:, tcp://, redis:// or redis+unix:
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must name the socket by its absolute path, as in unix:/run/clairon/relay.sock
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must name the socket by its absolute path, as in unix:/run/clairon/relay.sock
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must not contain null bytes in the path
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) has a socket path of 108 bytes; the system allows 107, use a shorter one
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must be a well-formed URL with a port from 1 to 65535
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must name a port from 1 to 65535, as in tcp://127.0.0.1:6002
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must name a port from 1 to 65535, as in tcp://127.0.0.1:6002
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must be a well-formed URL with a port from 1 to 65535
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must be a well-formed URL with a port from 1 to 65535
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must end after the port
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must end after the port: options belong into the second argument
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must not hold a password with tcp://, use the option "password"
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must hold a host name or address of 1 to 255 bytes
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must be a well-formed URL with a port from 1 to 65535
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must end after the port
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must end after the port: options belong into the second argument
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must name the socket by its absolute path, as in unix:/run/clairon/relay.sock
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) has a user name that is too long
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) has a password that is too long
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must not be rediss://: TLS to Redis is not available in this version, use redis:// through a local TLS proxy such as stunnel
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must begin with unix:, tcp://, redis:// or redis+unix:
-- options
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "app" is required: the application's id
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "key" is required: the application's public key
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "secret" is required: the application's secret
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) holds an option that does not exist: "aap"
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) holds an option that does not exist: "(a number)"
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "app" must be 1 to 64 letters, digits, "_" or "-"
TypeError: Clairon\Publisher::__construct(): Argument #2 ($options) option "app" must be of type string, int given
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "app" must be 1 to 64 letters, digits, "_" or "-"
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "key" must be 1 to 64 visible ASCII characters, none of them " \ or :
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "key" must be 1 to 64 visible ASCII characters, none of them " \ or :
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "key" must be 1 to 64 visible ASCII characters, none of them " \ or :
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "secret" must be 1 to 128 bytes long
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "secret" must be 1 to 128 bytes long
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "password" is for tcp:// and redis://; a unix: relay asks app and secret
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "bus_prefix" must be 1 to 32 letters, digits, "_", ".", ":" or "-"
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "outbox_events" must be between 1 and 1000000
TypeError: Clairon\Publisher::__construct(): Argument #2 ($options) option "outbox_events" must be of type int, string given
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "outbox_bytes" must be between 4096 and 268435456
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "cli_wait_ms" must be between 0 and 60000
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "payload_bytes" must be between 1 and 1048576
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "payload_bytes" must be between 1 and 1048576
-- good ones
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) has a socket path outside of open_basedir
