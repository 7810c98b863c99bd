<?php

// SPDX-License-Identifier: MIT
//
// The Laravel side of the benchmark, run by bench/subjects/laravel.php, which sets BENCH_* and BARE:
//
//   laravel.php cost ROUNDS BLOCKS SINGLES   what each way to broadcast one event costs, in nanoseconds
//   laravel.php browser WAY COUNT     from event() to the WebSocket, for a way with or without a worker
//   laravel.php work | block          php artisan queue:work as it comes, or with block_for 5
//
// Prints one JSON object.

declare(strict_types=1);

use Clairon\Laravel\ClaironServiceProvider;
use Illuminate\Broadcasting\Channel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Foundation\Application;

const BENCH_CHANNEL = 'bench';
const CALLS = 20; // of one block
const GAP_US = 2000;
const WARM_UP = 30;
const WAIT_SECONDS = 30;

require getenv('BENCH_VENDOR') . '/autoload.php';
spl_autoload_register(static function (string $class): void {
    $path = dirname(__DIR__) . '/laravel/src/' . str_replace('\\', '/', substr($class, strlen('Clairon\Laravel\\'))) . '.php';
    if (str_starts_with($class, 'Clairon\Laravel\\') && is_file($path)) {
        require $path;
    }
});

/** What the chat guide's MessageSent carries. */
class MessageSent implements ShouldBroadcast
{
    /** @var array<string, mixed> */
    public array $message;

    public function __construct(private readonly string $via, float $stamp = 0)
    {
        $this->message = [
            'id' => $stamp,
            'content' => 'See you at the station at eight, I have the tickets.',
            'sender_id' => 1,
            'receiver_id' => 2,
            'created_at' => '2026-01-01T12:00:00.000000Z',
            'formatted_time' => '12:00',
            'sender' => ['id' => 1, 'name' => 'Alice', 'avatar' => null],
        ];
    }

    public function broadcastOn(): Channel
    {
        return new Channel(BENCH_CHANNEL);
    }

    /** @return list<string> */
    public function broadcastConnections(): array
    {
        return [$this->via];
    }
}

final class MessageSentNow extends MessageSent implements ShouldBroadcastNow
{
}

/** Pushed, and never taken off: the price of the push alone. */
final class MessageQueued extends MessageSent
{
    public function __construct(public string $connection)
    {
        parent::__construct('log');
    }
}

final class Plain
{
}

function application(string $queue = 'redis', ?int $block_for = null): Application
{
    $base = getenv('BENCH_FOLDER') . '/application-' . getmypid();
    foreach (['bootstrap/cache', 'config', 'storage/framework/views', 'storage/logs'] as $path) {
        mkdir("$base/$path", 0700, true);
    }
    file_put_contents("$base/.env", implode("\n", [
        'APP_KEY=base64:' . base64_encode(str_repeat('k', 32)), 'QUEUE_CONNECTION=' . $queue, 'CACHE_STORE=array',
        'LOG_CHANNEL=null', 'BROADCAST_CONNECTION=clairon', 'DB_CONNECTION=sqlite', 'DB_DATABASE=' . "$base/database.sqlite",
        'REDIS_PORT=' . getenv('BENCH_REDIS'), 'CLAIRON_DSN=unix:' . getenv('BENCH_SOCKET'),
        'CLAIRON_APP_ID=bench', 'CLAIRON_APP_KEY=bench-key', 'CLAIRON_APP_SECRET=bench-secret',
        'PUSHER_APP_ID=bench', 'PUSHER_APP_KEY=bench-key', 'PUSHER_APP_SECRET=bench-secret', 'PUSHER_HOST=127.0.0.1',
        'PUSHER_PORT=' . getenv('BENCH_PORT'), 'PUSHER_SCHEME=http', 'REDIS_QUEUE=bench',
    ]));
    touch("$base/database.sqlite");
    $app = Application::configure(basePath: $base)->withProviders([ClaironServiceProvider::class])
        ->withMiddleware()->withExceptions()->create();
    $app->make(Kernel::class)->bootstrap();
    $app['config']->set('broadcasting.connections.redis', ['driver' => 'redis', 'connection' => 'default']);
    $app['config']->set('queue.connections.redis.block_for', $block_for);
    $app['db']->connection()->getSchemaBuilder()->create('jobs', static function ($table): void {
        $table->id();
        $table->string('queue')->index();
        $table->longText('payload');
        $table->unsignedTinyInteger('attempts');
        $table->unsignedInteger('reserved_at')->nullable();
        $table->unsignedInteger('available_at');
        $table->unsignedInteger('created_at');
    });
    restore_error_handler(); // notices of older libraries are no exceptions here

    return $app;
}

/**
 * What the extension writes for this event, read from a publisher that believes to speak to a relay.
 */
function command_of(): string
{
    $path = getenv('BENCH_FOLDER') . '/listen.sock';
    $server = $GLOBALS['server'] = stream_socket_server("unix://$path") ?: exit(1);
    $publisher = $GLOBALS['spy'] = new Clairon\Publisher("unix:$path", ['app' => 'bench', 'key' => 'bench-key', 'secret' => 'bench-secret']);
    $publisher->trigger(BENCH_CHANNEL, MessageSent::class, ['message' => (new MessageSent('clairon'))->message]);
    $peer = $GLOBALS['peer'] = stream_socket_accept($server, 5) ?: exit(1);
    for ($bytes = ''; ! str_ends_with($bytes, "}\r\n");) {
        $bytes .= (string) fread($peer, 65536);
    }

    return substr($bytes, (int) strpos($bytes, "*3\r\n$7\r\nPUBLISH"));
}

/** The other end is bench/bare without clients: a blocking reader. */
function sink(int $bytes): mixed
{
    $path = getenv('BENCH_FOLDER') . '/sink.sock';
    $GLOBALS['sink'] = proc_open('exec ' . getenv('PIN_SERVER') . ' ' . getenv('BARE') . " $path 0 $bytes 1", [1 => ['pipe', 'w']], $pipes);
    $GLOBALS['sink_output'] = $pipes;
    fgets($pipes[1]); // its TCP port: it listens
    $stream = stream_socket_client("unix://$path") ?: exit(1);
    stream_set_blocking($stream, false);
    stream_set_write_buffer($stream, 0);

    return $stream;
}

/** @return array<string, Closure(): mixed> */
function ways(): array
{
    $command = command_of();
    $sink = sink(strlen($command));

    return [
        'plain' => static fn () => event(new Plain()),
        'null' => static fn () => event(new MessageSentNow('null')),
        'bare' => static fn () => fwrite($sink, $command),
        'clairon' => static fn () => event(new MessageSent('clairon')),
        'redis' => static fn () => event(new MessageSentNow('redis')),
        'pusher' => static fn () => event(new MessageSentNow('pusher')),
        'queue-database' => static fn () => event(new MessageQueued('database')),
        'queue-redis' => static fn () => event(new MessageQueued('redis')),
    ];
}

/** @param list<float> $times */
function percentile(array $times, float $part): float
{
    sort($times);

    return $times[(int) min(count($times) - 1, floor(count($times) * $part))];
}

function block(Closure $call): float
{
    $start = hrtime(true);
    for ($i = 0; $i < CALLS; $i++) {
        $call();
    }

    return (hrtime(true) - $start) / CALLS;
}

/** @return array<string, mixed> of each round the median of its blocks, and p50 and p99 of its single calls */
function cost(int $rounds, int $blocks, int $singles): array
{
    $app = application();
    $ways = ways();
    for ($i = 0; $i < WARM_UP; $i++) {
        array_map(static fn (Closure $call) => $call(), $ways);
    }
    $result = ['laravel' => $app->version(), 'hot' => [], 'p50' => [], 'p99' => []];
    for ($round = 0; $round < $rounds; $round++) {
        [$hot, $spaced] = [[], []];
        for ($i = 0; $i < $blocks; $i++) {
            foreach ($ways as $way => $call) {
                $hot[$way][] = block($call);
                usleep(GAP_US); // readers catch up
            }
        }
        for ($i = 0; $i < $singles; $i++) {
            foreach ($ways as $way => $call) {
                usleep(GAP_US);
                $start = hrtime(true);
                $call();
                $spaced[$way][] = (float) (hrtime(true) - $start);
            }
        }
        foreach (array_keys($ways) as $way) {
            $result['hot'][$way][] = percentile($hot[$way], 0.5);
            $result['p50'][$way][] = percentile($spaced[$way], 0.5);
            $result['p99'][$way][] = percentile($spaced[$way], 0.99);
        }
    }
    $arrived = relay_count('publishes');
    $arrived >= $rounds * $blocks * CALLS || exit("only $arrived events arrived at the relay\n");

    return $result;
}

/** A number of the relay's INFO. */
function relay_count(string $name): int
{
    $relay = stream_socket_client('unix://' . getenv('BENCH_SOCKET')) ?: exit(1);
    fwrite($relay, "INFO\r\n");
    for ($text = ''; ! preg_match("/^$name:(\\d+)\r/m", $text, $match);) {
        $text .= (string) fread($relay, 65536);
    }

    return (int) $match[1];
}

/** A browser, as far as this goes: one WebSocket, subscribed to the channel. */
function browser(): mixed
{
    $socket = stream_socket_client('tcp://127.0.0.1:' . getenv('BENCH_PORT')) ?: exit(1);
    stream_set_timeout($socket, WAIT_SECONDS);
    fwrite($socket, "GET /app/bench-key?protocol=7 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        . "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    while (trim((string) fgets($socket)) !== '') {
        continue;
    }
    frame($socket, 'pusher:connection_established');
    $text = '{"event":"pusher:subscribe","data":{"channel":"' . BENCH_CHANNEL . '"}}';
    fwrite($socket, "\x81" . chr(0x80 | strlen($text)) . "\0\0\0\0" . $text); // masked by zeros
    frame($socket, 'pusher_internal:subscription_succeeded');

    return $socket;
}

/** Waits for the next text frame, which must hold this word. */
function frame(mixed $socket, string $word): void
{
    $head = (string) fread($socket, 2);
    $length = strlen($head) === 2 ? ord($head[1]) : exit("the browser got nothing within " . WAIT_SECONDS . " s: $word\n");
    $length = $length === 126 ? unpack('n', (string) fread($socket, 2))[1] : $length;
    for ($text = ''; strlen($text) < $length;) {
        $text .= (string) fread($socket, $length - strlen($text));
    }
    str_contains($text, $word) || exit("the browser got another frame than $word: $text\n");
}

/** @return array{float, float, int} p50, max, count */
function journey(string $way, int $count): array
{
    application();
    $browser = browser();
    $times = [];
    for ($i = -2; $i < $count; $i++) {
        // A worker sleeps 3 s when it finds nothing: events come at any moment of that.
        usleep($way === 'work' ? random_int(0, 3000000) : 20000);
        $start = hrtime(true);
        event(new MessageSent($way === 'clairon' ? 'clairon' : 'pusher', (float) $i));
        frame($browser, 'MessageSent');
        if ($i >= 0) {
            $times[] = (float) (hrtime(true) - $start);
        }
    }

    return [percentile($times, 0.5), max($times), $count];
}

[, $verb] = $argv;
if ($verb === 'work' || $verb === 'block') {
    application(block_for: $verb === 'block' ? 5 : null)->make(Kernel::class)->call('queue:work', ['connection' => 'redis']);
} else {
    echo json_encode($verb === 'cost' ? cost((int) $argv[2], (int) $argv[3], (int) $argv[4]) : journey($argv[2], (int) $argv[3])), "\n";
}
