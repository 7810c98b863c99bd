<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Console;

use Clairon\Laravel\Net\Ingest;
use Clairon\Laravel\Net\NetException;
use Clairon\Laravel\Net\Resp;
use Clairon\Laravel\Net\RespError;
use Clairon\Laravel\UnavailableException;
use Illuminate\Console\Command;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Subscribes where publishers publish and prints what comes by.
 */
final class WatchCommand extends Command
{
    use ChoosesConnection;

    private const CONNECT_SECONDS = 5.0;

    private const POLL_SECONDS = 0.5;

    // A connection that is silent for so long is asked whether it lives.
    private const PING_SECONDS = 30;

    private const PAUSE_MIN = 0.1;

    private const PAUSE_MAX = 3.0;

    private const PAYLOAD_CHARACTERS = 80;

    // wire/envelope.h
    private const ENVELOPE_FIXED = 48;

    private const ENVELOPE_SIGNATURE = 32;

    protected $signature = 'clairon:watch
        {--channel=* : Only channels that match: private-orders.* and so on}
        {--payload : Print all of each payload}
        {--json : One JSON object a line}
        {--connection= : Broadcasting connection to watch}';

    protected $description = 'Print what is broadcast, live';

    private bool $isStopped = false;

    private int $count = 0;

    public function handle(): int
    {
        try {
            $config = $this->connectionConfig();
        } catch (UnavailableException $e) {
            $this->error($e->getMessage());

            return self::FAILURE;
        }

        $this->stopOnSignals();
        $ingest = new Ingest($config);
        $pause = self::PAUSE_MIN;
        $isTold = false;
        $word = 'Watching';

        while (! $this->isStopped) {
            try {
                $resp = $this->subscribe($ingest, $config);
                $this->note("{$word} {$ingest->dsn->redacted()}. Ctrl-C ends it.");
                [$pause, $isTold, $word] = [self::PAUSE_MIN, false, 'Watching again'];
                $this->follow($resp);
            } catch (NetException $e) {
                if ($e->isRefusal) {
                    $this->error("{$ingest->dsn->redacted()} refuses this application: {$e->getMessage()}");
                    $this->line('"php artisan clairon:doctor" looks for the reason.');

                    return self::FAILURE;
                }

                if (! $isTold) {
                    $this->note("{$ingest->dsn->redacted()}: {$e->getMessage()}. Waiting for it; "
                        . '"php artisan clairon:start" starts the relay.');
                    $isTold = true;
                }

                usleep((int) ($pause * 1e6));
                $pause = min($pause * 2, self::PAUSE_MAX);
            }
        }

        $this->note("{$this->count} " . ($this->count === 1 ? 'broadcast.' : 'broadcasts.'));

        return self::SUCCESS;
    }

    private function stopOnSignals(): void
    {
        if (! function_exists('pcntl_signal')) {
            return;
        }

        pcntl_async_signals(true);

        foreach ([SIGINT, SIGTERM] as $signal) {
            pcntl_signal($signal, function (): void {
                $this->isStopped = true;
            });
        }
    }

    /**
     * @param array<string, mixed> $config
     *
     * @throws NetException
     */
    private function subscribe(Ingest $ingest, #[\SensitiveParameter] array $config): Resp
    {
        $resp = $ingest->open(self::CONNECT_SECONDS);
        $patterns = $this->patterns($config);
        $resp->send('PSUBSCRIBE', ...$patterns);

        foreach ($patterns as $ignored) {
            $answer = $resp->reply();

            if ($answer instanceof RespError) {
                throw NetException::answered($answer);
            }
        }

        return $resp;
    }

    /**
     * Names on the bus: PREFIX:1:{PART}:APPID:CHANNEL.
     *
     * @param array<string, mixed> $config
     *
     * @return list<string>
     */
    private function patterns(#[\SensitiveParameter] array $config): array
    {
        $literal = static fn (mixed $text): string => addcslashes(is_scalar($text) ? (string) $text : '', '*?[]\\');
        $publisher = is_array($config['publisher'] ?? null) ? $config['publisher'] : [];
        $prefix = $literal(($publisher['bus_prefix'] ?? '') ?: 'clairon') . ':1:{*}:' . $literal($config['app_id'] ?? '') . ':';
        $channels = array_filter((array) $this->option('channel'), static fn (mixed $text) => is_string($text) && $text !== '');

        return array_map(static fn (string $channel) => $prefix . $channel, array_values($channels) ?: ['*']);
    }

    /**
     * @throws NetException
     */
    private function follow(Resp $resp): void
    {
        $heard = microtime(true);
        $isAsked = false;

        while (! $this->isStopped) {
            if ($resp->stream->poll(self::POLL_SECONDS)) {
                $this->show($resp->reply());
                [$heard, $isAsked] = [microtime(true), false];
            } elseif (microtime(true) - $heard > self::PING_SECONDS) {
                if ($isAsked) {
                    throw new NetException('no answer to PING');
                }

                $resp->send('PING');
                [$heard, $isAsked] = [microtime(true), true];
            }
        }
    }

    private function show(mixed $push): void
    {
        if (! is_array($push) || ($push[0] ?? '') !== 'pmessage' || ! is_string($push[2] ?? null) || ! is_string($push[3] ?? null)) {
            return;
        }

        $channel = explode(':', $push[2], 5)[4] ?? $push[2];
        $message = json_decode($this->clientText($push[3]), true);
        $message = is_array($message) ? $message : [];
        $event = is_string($message['event'] ?? null) ? $message['event'] : '?';
        $data = $message['data'] ?? null;
        $text = is_string($data) ? $data : (string) json_encode($data);
        $this->count++;

        if ($this->option('json')) {
            $this->raw((string) json_encode(
                ['time' => $this->now('c'), 'channel' => $channel, 'event' => $event, 'bytes' => strlen($text), 'data' => $text],
                JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE
            ));

            return;
        }

        if (! $this->option('payload') && mb_strlen($text) > self::PAYLOAD_CHARACTERS) {
            $text = mb_substr($text, 0, self::PAYLOAD_CHARACTERS - 3) . '...';
        }

        $this->raw($this->printable(sprintf('%s  %s  %s  %d B  %s', $this->now('H:i:s'), $channel, $event, strlen(is_string($data) ? $data : $text), $text)));
    }

    /**
     * The relay shows the text that browsers get; on Redis it is inside the envelope.
     */
    private function clientText(string $bytes): string
    {
        if (($bytes[0] ?? '') !== "\x01" || strlen($bytes) < self::ENVELOPE_FIXED) {
            return $bytes;
        }

        /** @var array{flags: int, except: int, text: int}|false $head */
        $head = unpack('Cversion/Cflags/Cexcept/Czero/Ntext', $bytes);

        if ($head === false) {
            return '';
        }

        $at = self::ENVELOPE_FIXED + (($head['flags'] & 1) !== 0 ? self::ENVELOPE_SIGNATURE : 0) + $head['except'];

        return substr($bytes, $at, $head['text']);
    }

    private function now(string $format): string
    {
        $now = \DateTimeImmutable::createFromFormat('U.u', sprintf('%.6F', microtime(true)));
        $now = $now === false ? new \DateTimeImmutable() : $now->setTimezone(new \DateTimeZone(date_default_timezone_get()));

        return $format === 'c' ? $now->format('Y-m-d\TH:i:s.vP') : $now->format('H:i:s.v');
    }

    /**
     * Names and data come from anybody; nothing in them may command a terminal.
     */
    private function printable(string $text): string
    {
        return (string) preg_replace('/[\x00-\x1f\x7f]|\xc2[\x80-\x9f]/', '?', $text);
    }

    private function raw(string $line): void
    {
        $this->output->writeln($line, OutputInterface::OUTPUT_RAW);
    }

    private function note(string $sentence): void
    {
        $this->output->getErrorStyle()->writeln($sentence, OutputInterface::OUTPUT_RAW);
    }
}
