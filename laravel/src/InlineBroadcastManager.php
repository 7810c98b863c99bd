<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use BackedEnum;
use Closure;
use Illuminate\Broadcasting\BroadcastEvent;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Broadcasting\UniqueBroadcastEvent;
use Illuminate\Bus\UniqueLock;
use Illuminate\Contracts\Broadcasting\ShouldBeUnique;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Contracts\Broadcasting\ShouldRescue;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Database\Eloquent\ModelNotFoundException;
use Illuminate\Pipeline\Pipeline;
use Illuminate\Support\Testing\Fakes\QueueFake;
use Throwable;
use UnitEnum;

/**
 * Laravel's manager, except that an event whose every connection uses the driver "clairon" is
 * broadcast in this process instead of being pushed to the queue. All other events take Laravel's
 * own path, unchanged.
 *
 * The job object is made but never dispatched: it is called directly, so Bus::fake() sees nothing
 * and no queue is touched.
 */
final class InlineBroadcastManager extends BroadcastManager
{
    private ?Flushing $flushing = null;

    /**
     * Takes over what another manager holds already: its drivers own the channel callbacks.
     */
    public static function wrap(BroadcastManager $manager): self
    {
        if ($manager instanceof self) {
            return $manager;
        }

        $inline = new self($manager->app);
        $inline->drivers = $manager->drivers;
        $inline->customCreators = $manager->customCreators;

        return $inline;
    }

    /**
     * @param object $event
     */
    public function queue($event)
    {
        // Read once: the container's part in reading it costs as much as the rest of a decision.
        /** @var Repository $config */
        $config = $this->app->make('config');
        /** @var array<string, mixed> $settings */
        $settings = $config->get('clairon') ?? [];

        if (! $this->runsInline($event, $config)) {
            $this->leaveToLaravel($event, $settings);

            return;
        }

        // As for the queue: what the caller does to the event afterwards doesn't show.
        $event = clone $event;

        try {
            $flush = $this->flush($event, $settings);
            $restore = $this->snapshot($event, $settings);
            $job = $restore === null ? $this->jobFor($event) : null;
        } catch (Throwable $e) {
            $this->fail($event, null, $e, $settings);

            return;
        }

        $run = fn (bool $holds) => $this->run($event, $job, $restore, $settings, [$flush, $holds]);

        if ($this->waitsForCommit($event, $settings)) {
            $this->app->make(Commits::class)->after($this->application(), $run);
        } else {
            $run(false);
        }
    }

    /**
     * Enums are names, also before Laravel 12.21.
     */
    public function connection($driver = null)
    {
        /** @var string|null $name */
        $name = $this->plainName($driver);

        return parent::connection($name);
    }

    /**
     * Laravel says Container; what it hands over is the application.
     */
    private function application(): Application
    {
        /** @var Application $app */
        $app = $this->app;

        return $app;
    }

    private function plainName(mixed $name): mixed
    {
        return match (true) {
            $name instanceof BackedEnum => $name->value,
            $name instanceof UnitEnum => $name->name,
            default => $name,
        };
    }

    /**
     * @param array<string, mixed> $settings
     */
    private function leaveToLaravel(object $event, array $settings): void
    {
        $before = $this->flushing()->enter($this->flush($event, $settings), false);

        try {
            parent::queue($event);
        } finally {
            $this->flushing()->leave($before);
        }
    }

    /**
     * When it leaves, in the event's own word or the configuration's. Without a response to wait for (a
     * command, a queue worker) that is now.
     *
     * @param array<string, mixed> $settings
     *
     * @return Flushing::NOW|Flushing::RESPONSE
     */
    private function flush(object $event, array $settings): string
    {
        $word = method_exists($event, 'broadcastFlush')
            ? Flushing::word($event->broadcastFlush(), get_class($event) . '::broadcastFlush()')
            : Flushing::word($settings['flush'] ?? null, 'clairon.flush');

        return $word === Flushing::RESPONSE && $this->application()->runningInConsole() ? Flushing::NOW : $word;
    }

    private function flushing(): Flushing
    {
        return $this->flushing ??= $this->app->make(Flushing::class);
    }

    private function runsInline(object $event, Repository $config): bool
    {
        // Laravel's own path already does these in this process.
        if (
            $event instanceof ShouldBroadcastNow
            || (method_exists($event, 'shouldBroadcastNow') && $event->shouldBroadcastNow())
            || $this->queueIsFaked($event)
        ) {
            return false;
        }

        $names = method_exists($event, 'broadcastConnections') ? $event->broadcastConnections() : [null];
        /** @var array<string, array<string, mixed>|null> $connections */
        $connections = ((array) $config->get('broadcasting'))['connections'] ?? [];

        foreach ((array) $names as $name) {
            if (! $this->isOurs($name, $connections)) {
                return false;
            }
        }

        return true;
    }

    /**
     * @param array<string, array<string, mixed>|null> $connections
     */
    private function isOurs(mixed $name, array $connections): bool
    {
        /** @var string $name */
        $name = $this->plainName($name ?? $this->getDefaultDriver()) ?? '';

        return ($connections[$name]['driver'] ?? null) === 'clairon';
    }

    /**
     * A test that says Queue::fake() wants to see the job.
     */
    private function queueIsFaked(object $event): bool
    {
        if (! $this->app->resolved('queue')) {
            return false;
        }

        $queue = $this->app->make('queue');

        return $queue instanceof QueueFake
            && (! method_exists($queue, 'shouldFakeJob') || $queue->shouldFakeJob($this->jobFor($event)));
    }

    private function jobFor(object $event): BroadcastEvent
    {
        return $event instanceof ShouldBeUnique ? new UniqueBroadcastEvent($event) : new BroadcastEvent($event);
    }

    /**
     * With fidelity "serialize": what makes the job a queue worker would have got, or null where
     * such a worker would drop it because a model is gone.
     *
     * @param array<string, mixed> $settings
     *
     * @return (Closure(): (BroadcastEvent|null))|null
     */
    private function snapshot(object $event, array $settings): ?Closure
    {
        if (($settings['fidelity'] ?? 'memory') !== 'serialize') {
            return null;
        }

        $job = $this->jobFor($event);
        $serialized = serialize($job);
        $drops = $job->deleteWhenMissingModels ?? false;

        return static function () use ($serialized, $drops): ?BroadcastEvent {
            try {
                return self::restore($serialized);
            } catch (ModelNotFoundException $e) {
                return $drops ? null : throw $e;
            }
        };
    }

    /**
     * Throws a ModelNotFoundException when a model of it is gone.
     */
    private static function restore(string $serialized): BroadcastEvent
    {
        /** @var BroadcastEvent $job */
        $job = unserialize($serialized);

        return $job;
    }

    /**
     * @param array<string, mixed> $settings
     */
    private function waitsForCommit(object $event, array $settings): bool
    {
        $own = property_exists($event, 'afterCommit') ? $event->afterCommit : null;

        return ($own ?? $settings['after_commit'] ?? true) && $this->app->bound('db.transactions');
    }

    /**
     * @param (Closure(): (BroadcastEvent|null))|null $restore
     * @param array<string, mixed> $settings those of the moment when the event was raised
     * @param array{Flushing::NOW|Flushing::RESPONSE, bool} $flush
     */
    private function run(object $event, ?BroadcastEvent $job, ?Closure $restore, array $settings, array $flush): void
    {
        $before = $this->flushing()->enter(...$flush);

        try {
            $job = $restore === null ? $job : $restore();

            if ($job !== null) {
                $this->publish($job, $settings);
            }
        } catch (Throwable $e) {
            $this->fail($event, $job, $e, $settings);
        } finally {
            $this->flushing()->leave($before);
        }
    }

    /**
     * @param array<string, mixed> $settings
     */
    private function publish(BroadcastEvent $job, array $settings): void
    {
        if (! $job instanceof UniqueBroadcastEvent) {
            $this->handle($job, $settings);

            return;
        }

        // Taken here and not when the event was raised: a rolled back transaction never gets here
        // and would leave it locked.
        if ($this->mustBeUniqueAndCannotAcquireLock($job)) {
            return;
        }

        try {
            $this->handle($job, $settings);
        } finally {
            (new UniqueLock($job->uniqueVia()))->release($job);
        }
    }

    /**
     * @param array<string, mixed> $settings
     */
    private function handle(BroadcastEvent $job, array $settings): void
    {
        $middleware = ($settings['middleware'] ?? false) && method_exists($job, 'middleware')
            ? $job->middleware()
            : [];

        if ($middleware === []) {
            $job->handle($this);

            return;
        }

        (new Pipeline($this->app))->send($job)->through($middleware)->then(fn () => $job->handle($this));
    }

    /**
     * @param array<string, mixed> $settings
     */
    private function fail(object $event, ?BroadcastEvent $job, Throwable $e, array $settings): void
    {
        $policy = $settings['on_failure'] ?? 'report';

        if ($policy === 'throw' && ! $event instanceof ShouldRescue) {
            throw $e;
        }

        if ($policy === 'queue') {
            $this->pushToQueue($event);

            return;
        }

        if ($job !== null && method_exists($job, 'failed')) {
            try {
                $job->failed($e);
            } catch (Throwable $inFailed) {
                $this->report($inFailed);
            }
        }

        if (! $e instanceof EventDroppedException || $e->inARow === 1) {
            $this->report($e);
        }
    }

    private function pushToQueue(object $event): void
    {
        try {
            parent::queue($event);
        } catch (Throwable $e) {
            $this->report($e);
        }
    }

    private function report(Throwable $e): void
    {
        $this->app->make(ExceptionHandler::class)->report($e);
    }
}
