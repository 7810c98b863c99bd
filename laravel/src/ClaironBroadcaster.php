<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use BackedEnum;
use Clairon\Exception\PayloadException;
use Clairon\Laravel\Notices\Notifier;
use Clairon\Laravel\Testing\Recorder;
use Clairon\Publisher;
use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Broadcasting\Broadcasters\UsePusherChannelConventions;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\Channel;
use Illuminate\Container\Container as ContainerInstance;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use JsonException;
use Stringable;
use Symfony\Component\HttpKernel\Exception\AccessDeniedHttpException;
use Throwable;
use ValueError;

/**
 * The driver "clairon": answers channel authorisation and hands events to the extension.
 *
 * Raises a BroadcastException for what the application did wrong (a bad channel name, data that is
 * no JSON) and for an event that was dropped; an event that waits in the outbox is no failure.
 */
final class ClaironBroadcaster extends Broadcaster
{
    use UsePusherChannelConventions;

    // Without these two checks a socket id with a colon could get a signature that is also good for
    // another channel.
    private const CHANNEL = '/\A[-a-zA-Z0-9_=@,.;]{1,164}\z/';

    private const SOCKET_ID = '/\A\d{1,20}\.\d{1,20}\z/';

    private const ENCRYPTED = 'private-encrypted-';

    private const CHANNELS_MAX = 100;

    private const BATCH_MAX = 10;

    // After the response: enough for a connection under way, little for a worker whose relay is away.
    private const FLUSH_MS = 50;

    private ?Publisher $publisher = null;

    private ?Recorder $recorder = null;

    private bool $flushesLater = false;

    public function __construct(
        private readonly Connection $connection,
        private readonly Outage $outage,
        private readonly Flushing $flushing
    ) {
    }

    /**
     * @param array<array-key, mixed> $config of broadcasting.connections
     */
    public static function make(Container $app, #[\SensitiveParameter] array $config): self
    {
        /** @var array<string, mixed> $config */
        $report = static function (Throwable $e): void {
            $container = ContainerInstance::getInstance();

            /** @var Repository $settings */
            $settings = $container->make('config');

            if (($settings->get('clairon.on_failure') ?? 'report') === 'report') {
                $container->make(ExceptionHandler::class)->report($e);
            }
        };

        $broadcaster = new self(new Connection($config, self::servesRequests()), new Outage($report), $app->make(Flushing::class));

        if (($config['transport'] ?? null) === 'array') {
            $broadcaster->recordWith($app->make(Recorder::class));
        }

        return $broadcaster;
    }

    /**
     * From here on broadcasts are recorded instead of sent (the transport "array").
     */
    public function recordWith(Recorder $recorder): void
    {
        $this->recorder = $recorder->attach();
    }

    /**
     * Octane's own servers put this into the environment of their workers. That the package is
     * installed says nothing: its commands and queue workers serve nobody.
     */
    private static function servesRequests(): bool
    {
        return filter_var($_SERVER['LARAVEL_OCTANE'] ?? null, FILTER_VALIDATE_INT) === 1;
    }

    /**
     * @param Request $request
     *
     * @return array{auth: string, user_data: string}|null
     */
    public function resolveAuthenticatedUser($request)
    {
        /** @var array<string, mixed>|null $user */
        $user = parent::resolveAuthenticatedUser($request);

        if (! $user) {
            return null;
        }

        return $this->connection->signer()->user($this->socketId($request), (array) $user);
    }

    public function auth($request)
    {
        $raw = $request->input('channel_name');
        $this->socketId($request);

        if (! is_string($raw) || preg_match(self::CHANNEL, $raw) !== 1) {
            throw new AccessDeniedHttpException();
        }

        $name = $this->normalizeChannelName($raw);

        if ($this->isGuardedChannel($raw) && ! $this->retrieveUser($request, $name)) {
            throw new AccessDeniedHttpException();
        }

        return $this->verifyUserCanAccessChannel($request, $name);
    }

    public function validAuthenticationResponse($request, $result)
    {
        $channel = $request->input('channel_name');
        $channel = is_string($channel) ? $channel : '';
        $socketId = $this->socketId($request);

        if (str_starts_with($channel, self::ENCRYPTED)) {
            $answer = $this->connection->signer()->channel($socketId, $channel)
                + ['shared_secret' => $this->connection->cipher()->sharedSecret($channel)];
        } elseif (str_starts_with($channel, 'private')) {
            $answer = $this->connection->signer()->channel($socketId, $channel);
        } else {
            $answer = $this->presence($request, $socketId, $channel, $result);
        }

        if (! $this->connection->allowsJsonp() || ! is_string($request->input('callback'))) {
            return $answer;
        }

        return (new JsonResponse($answer))->withCallback($request->input('callback'));
    }

    /**
     * @param array<array-key, Channel|string> $channels
     * @param BackedEnum|string $event
     * @param array<array-key, mixed> $payload
     */
    public function broadcast(array $channels, $event, array $payload = [])
    {
        $socketId = $payload['socket'] ?? null;
        unset($payload['socket']);

        // It comes from a request header, so anybody can write anything into it. Nobody is excluded
        // then; an exception would let a client suppress the event.
        if (! is_string($socketId) || preg_match(self::SOCKET_ID, $socketId) !== 1) {
            $socketId = null;
        }

        $names = [];
        $encrypts = false;

        foreach ($channels as $channel) {
            $names[] = $name = (string) $channel;
            $encrypts = $encrypts || str_starts_with($name, self::ENCRYPTED);
        }

        $event = $event instanceof BackedEnum ? (string) $event->value : $event;
        $notice = Notifier::begin();

        try {
            $result = $this->recorder === null
                ? $this->send($names, $encrypts, $event, $payload, $socketId)
                : $this->recorder->record($names, $event, $payload, $socketId);
        } catch (BroadcastException $e) {
            Notifier::failed($this->connection, $names, $event, $e);

            throw $e;
        } catch (ValueError | PayloadException | JsonException $e) {
            $failure = new BroadcastException("Clairon can't broadcast {$event}: {$e->getMessage()}", 0, $e);
            Notifier::failed($this->connection, $names, $event, $failure);

            throw $failure;
        }

        $notice?->published($this->connection, $names, $event, $payload, $result);
    }

    private function socketId(Request $request): string
    {
        $socketId = $request->input('socket_id');

        if (! is_string($socketId) || preg_match(self::SOCKET_ID, $socketId) !== 1) {
            throw new AccessDeniedHttpException();
        }

        return $socketId;
    }

    /**
     * @return array{auth: string, channel_data: string}
     */
    private function presence(Request $request, string $socketId, string $channel, mixed $result): array
    {
        $user = $this->retrieveUser($request, $this->normalizeChannelName($channel));

        if (! str_starts_with($channel, 'presence-') || ! is_object($user)) {
            throw new AccessDeniedHttpException();
        }

        /** @var callable(): (int|string|Stringable) $id */
        $id = method_exists($user, 'getAuthIdentifierForBroadcasting')
            ? [$user, 'getAuthIdentifierForBroadcasting']
            : [$user, 'getAuthIdentifier'];

        return $this->connection->signer()->presence($socketId, $channel, (string) $id(), $result);
    }

    /**
     * One entry for up to 100 plain channels and one for each encrypted channel, which has a key of
     * its own. Encrypted ones come first: they are the longer, so a limit is met before anything
     * was sent.
     *
     * @param list<string> $names
     * @param array<array-key, mixed> $payload
     *
     * @return list<array{channel: string|list<string>, name: string, data: mixed, socket_id: string|null}>
     */
    private function triggers(array $names, string $event, array $payload, ?string $socketId): array
    {
        $rest = ['name' => $event, 'data' => $payload, 'socket_id' => $socketId];
        $triggers = [];
        $plain = [];

        foreach ($names as $name) {
            if (str_starts_with($name, self::ENCRYPTED)) {
                $data = $this->connection->cipher()->encrypt($name, $payload);
                $triggers[] = ['channel' => $name, 'data' => $data] + $rest;
            } else {
                $plain[] = $name;
            }
        }

        foreach (array_chunk($plain, self::CHANNELS_MAX) as $chunk) {
            $triggers[] = ['channel' => $chunk] + $rest;
        }

        return $triggers;
    }

    /**
     * @param list<string> $names
     * @param bool $encrypts whether one of them is an encrypted channel
     * @param array<array-key, mixed> $payload
     */
    private function send(array $names, bool $encrypts, string $event, array $payload, ?string $socketId): string
    {
        $publisher = $this->publisher ?? $this->publisher();
        $flush = $this->flushing->modeFor($this);

        if ($encrypts || $names === [] || count($names) > self::CHANNELS_MAX) {
            return $this->sendTriggers($this->triggers($names, $event, $payload, $socketId), $event, $publisher, $flush);
        }

        $result = $publisher->trigger($names, $event, $payload, $socketId, $flush);

        if ($result !== Publisher::SENT) {
            return $this->settle([$result], $event);
        }

        $this->outage->end();

        return 'sent';
    }

    /**
     * @param list<array{channel: string|list<string>, name: string, data: mixed, socket_id: string|null}> $triggers
     * @param Flushing::RESPONSE|null $flush
     */
    private function sendTriggers(array $triggers, string $event, Publisher $publisher, ?string $flush): string
    {
        // The extension checks one batch before it sends any of it; more than one is checked here.
        if (count($triggers) > self::BATCH_MAX) {
            $this->checkNames($triggers);
        }

        $results = [];

        foreach (array_chunk($triggers, self::BATCH_MAX) as $batch) {
            $results[] = $publisher->triggerBatch($batch, $flush);
        }

        return $this->settle($results, $event);
    }

    /**
     * @param list<array{channel: string|list<string>}> $triggers
     */
    private function checkNames(array $triggers): void
    {
        foreach ($triggers as $trigger) {
            foreach ((array) $trigger['channel'] as $name) {
                if (preg_match(self::CHANNEL, $name) !== 1) {
                    throw new ValueError("\"{$name}\" is no channel name.");
                }
            }
        }
    }

    /**
     * @param list<int> $results
     *
     * @return string the worst of them, in a word
     */
    private function settle(array $results, string $event): string
    {
        if (in_array(Publisher::DROPPED, $results, true)) {
            throw new EventDroppedException($this->droppedMessage($event), $this->outage->drop());
        }

        if (in_array(Publisher::SENT, $results, true)) {
            $this->outage->end();
        }

        if (in_array(Publisher::PENDING, $results, true)) {
            $this->flushLater();

            return 'pending';
        }

        return 'sent';
    }

    /**
     * What waits, for a connection under way above all, leaves when the response is out and nobody
     * waits any more; else it would stay until this process's next event.
     */
    private function flushLater(): void
    {
        $app = ContainerInstance::getInstance();

        if ($this->flushesLater || ! $app instanceof Application) {
            return;
        }

        $this->flushesLater = true;
        $app->terminating(function (): void {
            $this->flushesLater = false;
            $this->flush(self::FLUSH_MS);
        });
    }

    /**
     * Lets go what is held back and waits, at most so many milliseconds, until all has arrived.
     */
    public function flush(int $milliseconds): void
    {
        if ($this->publisher()->flush($milliseconds)) {
            $this->outage->end();
        }
    }

    private function droppedMessage(string $event): string
    {
        $error = $this->publisher()->stats()['last_error'] ?? null;

        return "Clairon dropped {$event}: the outbox is full because "
            . $this->connection->dsn()->redacted() . ' takes no events'
            . ($error === null ? '' : " ({$error})")
            . '. Is the relay running? "php artisan clairon:start" starts it.';
    }

    private function publisher(): Publisher
    {
        if ($this->publisher === null) {
            $this->publisher = $this->connection->publisher();
            $this->outage->resume($this->publisher->stats()['dropped_in_a_row']);
        }

        return $this->publisher;
    }
}
