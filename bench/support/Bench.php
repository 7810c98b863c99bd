<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * What subjects measure with: the programs, started on the core where they belong and ended with the
 * subject. Servers run on the first core, clients and publishers on the second.
 */
final class Bench
{
    public const APP = 'bench';
    public const KEY = 'bench-key';
    public const SECRET = 'bench-secret';

    public readonly string $root;
    public readonly string $extension;
    public readonly string $relay;
    /** Of load and bare. */
    public readonly string $bin;
    public readonly string $pinServer;
    public readonly string $pinClient;

    /** @var list<Child> */
    private array $children = [];
    private int $count = 0;

    /**
     * @param string $scratch a folder for sockets and logs
     * @param int $rounds interleaved runs of a figure
     * @param float $scale part of the counts, for trying a subject out
     */
    public function __construct(
        public readonly string $scratch,
        public readonly int $rounds = 5,
        private readonly float $scale = 1,
    ) {
        $this->root = dirname(__DIR__, 2);
        $this->relay = getenv('RELAY') ?: "$this->root/relay/clairon-relay";
        $this->extension = getenv('EXTENSION') ?: "$this->root/modules/clairon.so";
        $this->bin = "$this->root/.work/bench";
        if (function_exists('posix_setrlimit')) { // the bare loop doesn't raise its limit of descriptors itself
            $most = posix_getrlimit()['hard openfiles'];
            is_int($most) && posix_setrlimit(POSIX_RLIMIT_NOFILE, $most, $most);
        }
        $isPinned = (int) shell_exec('nproc') > 1;
        $this->pinServer = $isPinned ? 'taskset -c 0' : '';
        $this->pinClient = $isPinned ? 'taskset -c 1' : '';
    }

    /**
     * So many messages, calls and the like, or the part of them that SCALE asks for.
     */
    public function count(int $usual, int $least = 1): int
    {
        return max($least, (int) ($usual * $this->scale));
    }

    /**
     * One line of what goes on, beside the tables.
     */
    public function progress(string $words): void
    {
        fwrite(STDERR, "    $words\n");
    }

    /**
     * @param string $log where its errors go; "": to ours
     */
    public function start(string $command, string $log = ''): Child
    {
        return $this->children[] = new Child($command, $log);
    }

    public function onServerCore(string $command, string $log = ''): Child
    {
        return $this->start(trim("$this->pinServer $command"), $log);
    }

    public function onClientCore(string $command, string $log = ''): Child
    {
        return $this->start(trim("$this->pinClient $command"), $log);
    }

    /**
     * A relay with one application (APP, KEY, SECRET) and a Unix socket for publishers.
     */
    public function relay(string $options = '', int $workers = 1): Server
    {
        $name = 'relay-' . ++$this->count;
        [$socket, $log] = ["$this->scratch/$name.sock", "$this->scratch/$name.log"];
        $command = escapeshellarg($this->relay) . " --workers $workers --listen 127.0.0.1:0 --ingest unix:$socket --app "
            . implode(':', [self::APP, self::KEY, self::SECRET]) . " $options";
        // More workers than the server's core can run belong on all of them.
        $child = $workers === 1 ? $this->onServerCore($command, $log) : $this->start($command, $log);
        $text = $this->log($child, $log, '/event=ready/');
        preg_match('/event=listening address=127\.0\.0\.1:(\d+)$/m', $text, $plain);
        preg_match('/event=listening address=127\.0\.0\.1:(\d+) tls=true/', $text, $tls);

        return new Server($child, (int) ($plain[1] ?? 0), $socket, (int) ($tls[1] ?? 0));
    }

    /**
     * The load tool beside a relay: publishes over its Unix socket.
     */
    public function load(Server $relay, string $options = ''): Child
    {
        return $this->tool("--port $relay->port --publish resp --to $relay->socket " . $this->credentials() . " $options");
    }

    /**
     * The load tool with options of its own, see bench/load.c.
     */
    public function tool(string $options): Child
    {
        return $this->onClientCore("$this->bin/load $options");
    }

    public function credentials(): string
    {
        return '--app ' . self::APP . ' --key ' . self::KEY . ' --secret ' . self::SECRET;
    }

    /**
     * The bare loop for so many clients; `$at_once` commands are read and as many frames sent together.
     *
     * @param int $published bytes of a command that somebody else publishes; 0: the load tool publishes
     *
     * @return array{Server, Child} the loop and the load tool beside it, which has to open the clients
     */
    public function bare(int $clients, string $options = '', int $at_once = 1, int $published = 0): array
    {
        [$command, $frame] = array_map('intval', explode(' ', trim((string) shell_exec("$this->bin/load sizes $options"))));
        $socket = "$this->scratch/bare-" . ++$this->count . '.sock';
        $publish = $published === 0 ? "--publish plain --to $socket" : '--publish none';
        $command = $published ?: $command;
        $child = $this->onServerCore("$this->bin/bare $socket $clients " . $command * $at_once . ' ' . $frame * $at_once);
        $server = new Server($child, (int) $child->line(), $socket);

        return [$server, $this->tool("--speak plain $publish --port $server->port $options")];
    }

    /**
     * A Redis without persistence, on a free TCP port.
     */
    public function redis(): Server
    {
        $probe = stream_socket_server('tcp://127.0.0.1:0') ?: throw new Problem('there is no free port');
        $port = (int) substr((string) strrchr((string) stream_socket_get_name($probe, false), ':'), 1);
        fclose($probe);
        exec('command -v redis-server', $found, $status);
        $status === 0 || throw new Problem('redis-server is missing: apt-get install redis-server');
        $log = "$this->scratch/redis-$port.out";
        $child = $this->onServerCore("redis-server --port $port --bind 127.0.0.1 --save '' --appendonly no --dir $this->scratch"
            . " --logfile $this->scratch/redis-$port.log", $log);
        $this->log($child, "$this->scratch/redis-$port.log", '/Ready to accept connections/');

        return new Server($child, $port);
    }

    /**
     * PHP with the extension, on the client's core.
     *
     * @param string $options of PHP
     */
    public function php(string $script, string $arguments, string $options = '-n'): Child
    {
        return $this->onClientCore(escapeshellarg(PHP_BINARY) . " $options -d extension=" . escapeshellarg($this->extension)
            . ' ' . escapeshellarg("$this->root/bench/$script") . " $arguments");
    }

    /**
     * The Composer packages of a test suite, which its script installs the first time.
     *
     * @param string $suite folder of tests/ with vendor/ in it
     * @param string $script folder of tests/ with the script; "": the same
     */
    public function vendor(string $suite, string $script = ''): string
    {
        $vendor = "$this->root/tests/$suite/vendor";
        $run = "$this->root/tests/" . ($script ?: $suite) . '/run';
        if (! is_file("$vendor/autoload.php")) {
            $this->progress('installing Composer packages');
            // No test has that name: all that happens is the installation.
            exec('env EXTENSION=' . escapeshellarg($this->extension) . ' RELAY=' . escapeshellarg($this->relay)
                . ' ' . escapeshellarg($run) . " --filter '/^only-install$/' 2>&1");
        }

        return is_file("$vendor/autoload.php") ? $vendor : throw new Problem("tests/$suite/vendor is missing; ./run test installs it");
    }

    /**
     * CPU of a server while something happens, in nanoseconds.
     *
     * @param callable(): mixed $happens
     */
    public function cpu(Server $server, callable $happens): float
    {
        $before = $server->process->cpu();
        $happens();

        return (float) ($server->process->cpu() - $before);
    }

    public function end(Child|Server $child): void
    {
        $child = $child instanceof Server ? $child->process : $child;
        $this->children = array_values(array_filter($this->children, static fn (Child $each): bool => $each !== $child));
        $child->end();
    }

    public function endAll(): void
    {
        array_map(static fn (Child $child) => $child->end(), array_reverse($this->children));
        $this->children = [];
    }

    /**
     * Waits until a program's log says that it is ready.
     */
    public function log(Child $child, string $log, string $pattern, int $seconds = 15): string
    {
        for ($left = $seconds * 100; ! preg_match($pattern, (string) @file_get_contents($log)); $left--) {
            if ($left === 0 || ! $child->isRunning()) {
                throw new Problem("a program did not start; its log says:\n" . @file_get_contents($log));
            }
            usleep(10000);
        }

        return (string) file_get_contents($log);
    }
}
