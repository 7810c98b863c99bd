<?php

// SPDX-License-Identifier: MIT
//
// Laravel's own redis broadcaster, over phpredis and a real Redis, against a relay with
// laravel_redis: nothing in the application knows of the relay.
//   php laravel_redis.php FOLDER      the folder whose vendor/ has the framework

declare(strict_types=1);

use Clairon\Tests\Php\Support\Checks;
use Clairon\Tests\Php\Support\Client;
use Clairon\Tests\Php\Support\Relay;
use Illuminate\Contracts\Console\Kernel as Console;
use Illuminate\Filesystem\Filesystem;
use Illuminate\Foundation\Application;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Redis;

[, $folder] = $argv;

require __DIR__ . '/support/all.php';
require __DIR__ . "/{$folder}/vendor/autoload.php";

const WAIT_SECONDS = 20;

$base = sys_get_temp_dir() . '/clairon-laravel-redis-' . bin2hex(random_bytes(6));
foreach (['bootstrap/cache', 'config', 'storage/framework/views', 'storage/logs'] as $path) {
    mkdir("{$base}/{$path}", 0700, true);
}
$pipes = [];
$redis = proc_open(['redis-server', '--port', '0', '--unixsocket', "{$base}/redis.sock", '--save', '', '--dir', $base],
    [1 => ['file', '/dev/null', 'a'], 2 => ['file', '/dev/null', 'a']], $pipes);
register_shutdown_function(static function () use ($base, $redis): void {
    proc_terminate($redis);
    proc_close($redis);
    (new Filesystem())->deleteDirectory($base);
});
file_put_contents("{$base}/.env", implode("\n", [
    'APP_NAME="My Shop"',
    'APP_KEY=base64:' . base64_encode(str_repeat('k', 32)),
    'BROADCAST_CONNECTION=redis',
    'QUEUE_CONNECTION=sync',
    'LOG_CHANNEL=null',
    'REDIS_CLIENT=phpredis',
    "REDIS_HOST={$base}/redis.sock",
    'REDIS_PORT=0',
]));
$app = Application::configure(basePath: $base)->withMiddleware()->withExceptions()->create();
$app->make(Console::class)->bootstrap();
// Only applications that came from an earlier version still have it in config/broadcasting.php.
config(['broadcasting.connections.redis' => ['driver' => 'redis', 'connection' => 'default']]);

$c = new Checks("Laravel's redis broadcaster");
$prefix = (string) config('database.redis.options.prefix');

/**
 * Waits for what tells nobody that it is there.
 */
function until(callable $condition): void
{
    $end = microtime(true) + WAIT_SECONDS;
    while (!$condition()) {
        if (microtime(true) > $end) {
            throw new RuntimeException('waited too long');
        }
        usleep(5000);
    }
}

until(static fn (): bool => file_exists("{$base}/redis.sock"));
$relay = new Relay(['--redis', "unix:{$base}/redis.sock", '--laravel-redis', 'true', '--laravel-redis-prefix', $prefix]);
until(static fn (): bool => Redis::client()->rawCommand('PUBSUB', 'NUMPAT') === 1);
$client = new Client($relay);
$other = new Client($relay);

$c->test('the prefix is the framework\'s default', static fn () => $c->matches('/^my[-_]shop[-_]database[-_]$/', $prefix));

$c->test('events reach channels, the data as PHP wrote it', static function () use ($c, $client): void {
    $client->subscribe('orders');
    $client->subscribe('news');
    $data = ['id' => 42, 'note' => "é/\u{2028}", 'price' => 1.0, 'none' => [], 'object' => new stdClass()];
    Broadcast::connection()->broadcast(['orders', 'news'], 'App\\Events\\Shipped', $data);
    foreach (['orders', 'news'] as $channel) {
        $frame = $client->event('App\\Events\\Shipped', $channel);
        $c->same(json_encode($data), $frame['data']);
    }
});

$c->test('toOthers() leaves the sender out', static function () use ($c, $app, $client, $other): void {
    $other->subscribe('orders');
    $app->instance('request', Request::create('/', server: ['HTTP_X_SOCKET_ID' => $client->socketId]));
    Broadcast::on('orders')->as('secret')->with(['a' => 1])->toOthers()->sendNow();
    Broadcast::on('orders')->as('all')->with(['a' => 2])->sendNow();
    $c->same('{"a":1,"socket":"' . $client->socketId . '"}', $other->event('secret', 'orders')['data']);
    $other->event('all', 'orders');
    $client->event('all', 'orders');
    $c->same([], $client->heard('orders'));
});

$c->test('an event on 150 channels', static function () use ($c, $client): void {
    $client->subscribe('many-149');
    Broadcast::connection()->broadcast(array_map(static fn (int $i): string => "many-{$i}", range(0, 149)), 'many', ['n' => 1]);
    $c->same('{"n":1}', $client->event('many', 'many-149')['data']);
});

$c->test('what a cache channel\'s subscriber finds', static function () use ($c, $client, $other): void {
    $client->subscribe('done');
    Broadcast::connection()->broadcast(['cache-price', 'done'], 'price', ['eur' => 2]);
    $client->event('price', 'done');
    $other->subscribe('cache-price');
    $c->same('{"eur":2}', $other->event('price', 'cache-price')['data']);
});

$relay->stop();
$c->ran('laravel/framework', Application::VERSION, "broadcaster 'redis', by the relay's laravel_redis");
$c->end();
