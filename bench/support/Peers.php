<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * Starts what others use (bench/peers), one process each on the server's core. What the machine lacks
 * is fetched into .work/bench/peers at first use; nothing of the machine's own is changed.
 */
final class Peers
{
    public const NAMES = ['nchan', 'ws', 'uWebSockets', 'soketi'];

    private readonly string $sources;
    private readonly string $folder;

    public function __construct(private readonly Bench $bench)
    {
        $this->sources = "$bench->root/bench/peers";
        $this->folder = "$bench->bin/peers";
        is_dir($this->folder) || mkdir($this->folder, 0755, true);
    }

    /**
     * @param value-of<self::NAMES> $name
     */
    public function start(string $name): Peer
    {
        return match ($name) {
            'nchan' => $this->nchan(),
            'ws' => $this->script($name, 'ws.mjs'),
            'uWebSockets' => $this->script($name, 'uwebsockets.mjs'),
            'soketi' => $this->soketi(),
        };
    }

    private function nchan(): Peer
    {
        $nginx = trim((string) shell_exec('PATH=$PATH:/usr/sbin command -v nginx')) ?: throw new Problem('nginx is missing: apt-get install nginx');
        [$port, $folder] = [self::freePort(), "{$this->bench->scratch}/nchan-" . bin2hex(random_bytes(4))];
        mkdir($folder);
        file_put_contents("$folder/nginx.conf", strtr(
            (string) file_get_contents("$this->sources/nchan.conf"),
            ['FOLDER' => $folder, 'MODULE' => $this->nchanModule(), 'PORT' => (string) $port],
        ));
        $child = $this->bench->onServerCore(escapeshellarg($nginx) . " -p $folder -e $folder/nginx.log -c $folder/nginx.conf", "$folder/err");
        $this->await($child, $port, "$folder/err");

        return new Peer(
            'nchan',
            new Server($child, $port),
            "--port $port --speak websocket --path /subscribe --publish http --publish-path /publish",
            'HTTP POST; no TCP_NODELAY: Nagle holds small frames back',
        );
    }

    /** That of the machine, else that of the distribution's package, unpacked here. */
    private function nchanModule(): string
    {
        $installed = '/usr/lib/nginx/modules/ngx_nchan_module.so';
        $own = "$this->folder/nchan$installed";
        if (! is_file($installed) && ! is_file($own)) {
            $this->bench->progress('fetching nchan');
            $folder = escapeshellarg("$this->folder/nchan");
            $this->run("mkdir -p $folder && cd $folder && apt-get download -q libnginx-mod-nchan && dpkg -x libnginx-mod-nchan_*.deb .", 'nchan');
        }

        return is_file($installed) ? $installed : $own;
    }

    private function script(string $name, string $file): Peer
    {
        $child = $this->bench->onServerCore($this->node() . ' ' . escapeshellarg("$this->folder/$file"));
        $port = (int) $child->line();

        return new Peer(
            $name,
            new Server($child, $port),
            "--port $port --speak websocket --path / --publish http --publish-path /publish",
            'HTTP POST; TCP_NODELAY',
        );
    }

    private function soketi(): Peer
    {
        [$node, $port] = [$this->node(), self::freePort()];
        $base = "{$this->bench->scratch}/soketi-$port";
        file_put_contents("$base.json", json_encode([
            'host' => '127.0.0.1',
            'port' => $port,
            'appManager.array.apps' => [[
                'id' => Bench::APP,
                'key' => Bench::KEY,
                'secret' => Bench::SECRET,
                'enabled' => true,
                'maxConnections' => -1,
                'maxBackendEventsPerSecond' => -1,
                'maxClientEventsPerSecond' => -1,
                'maxReadRequestsPerSecond' => -1,
                'webhooks' => [],
            ]],
        ], JSON_THROW_ON_ERROR));
        $server = escapeshellarg("$this->folder/soketi.mjs");
        $child = $this->bench->onServerCore("$node $server start --config=$base.json", "$base.log");
        $this->await($child, $port, "$base.log");

        return new Peer(
            'soketi',
            new Server($child, $port),
            "--port $port --publish pusher-http " . $this->bench->credentials(),
            'HTTP API, signed, which it closes behind each answer; TCP_NODELAY',
        );
    }

    /** The command of Node.js, with the packages of bench/peers/package.json beside the scripts. */
    private function node(): string
    {
        exec('command -v node && command -v npm', $found, $status);
        $status === 0 || throw new Problem('Node.js and npm are missing: apt-get install nodejs npm');
        array_map(fn (string $file): bool => copy($file, "$this->folder/" . basename($file)), glob("$this->sources/*.mjs") ?: []);
        $wanted = (string) file_get_contents("$this->sources/package.json");
        // A copy of it stands beside what was installed by it.
        if (! is_file("$this->folder/installed.json") || file_get_contents("$this->folder/installed.json") !== $wanted) {
            $this->bench->progress('installing the npm packages of bench/peers, a minute');
            file_put_contents("$this->folder/package.json", $wanted);
            $this->run('cd ' . escapeshellarg($this->folder) . ' && npm install --no-audit --no-fund --no-package-lock --ignore-scripts', 'the npm packages');
            file_put_contents("$this->folder/installed.json", $wanted);
        }

        return escapeshellarg($found[0]);
    }

    private function run(string $command, string $what): void
    {
        exec("($command) 2>&1", $words, $status);
        $status === 0 || throw new Problem("$what could not be installed: " . implode(' ', array_slice($words, -3)));
    }

    private static function freePort(): int
    {
        $probe = stream_socket_server('tcp://127.0.0.1:0') ?: throw new Problem('there is no free port');
        $port = (int) substr((string) strrchr((string) stream_socket_get_name($probe, false), ':'), 1);
        fclose($probe);

        return $port;
    }

    /** Waits until somebody accepts connections there. */
    private function await(Child $child, int $port, string $log, int $seconds = 30): void
    {
        for ($left = $seconds * 20; ! ($socket = @stream_socket_client("tcp://127.0.0.1:$port", timeout: 1)); $left--) {
            if ($left === 0 || ! $child->isRunning()) {
                throw new Problem('it did not start: ' . trim((string) @file_get_contents($log)));
            }
            usleep(50000);
        }
        fclose($socket);
    }
}
