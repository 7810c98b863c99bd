<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Closure;
use Illuminate\Broadcasting\BroadcastEvent;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Broadcasting\UniqueBroadcastEvent;
use Illuminate\Bus\UniqueLock;
use Illuminate\Contracts\Broadcasting\ShouldBeUnique;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Contracts\Broadcasting\ShouldRescue;
use Illuminate\Contracts\Debug\ExceptionHandler;
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

    public function queue($event)
    {
        if (! $this->runsInline($event)) {
            parent::queue($event);

            return;
        }

        // As for the queue: what the caller does to the event afterwards doesn't show.
        $event = clone $event;

        try {
            $restore = $this->snapshot($event);
            $job = $restore === null ? $this->jobFor($event) : null;
        } catch (Throwable $e) {
            $this->fail($event, null, $e);

            return;
        }

        $run = fn () => $this->run($event, $job, $restore);

        if ($this->waitsForCommit($event)) {
            $this->app->make('db.transactions')->addCallback($run);
        } else {
            $run();
        }
    }

    private function runsInline(object $event): bool
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

        foreach ((array) $names as $name) {
            if (! $this->isOurs($name)) {
                return false;
            }
        }

        return true;
    }

    private function isOurs(mixed $name): bool
    {
        $name ??= $this->getDefaultDriver();

        if ($name instanceof UnitEnum) {
            $name = $name->value ?? $name->name;
        }

        return $this->app['config']["broadcasting.connections.{$name}.driver"] === 'clairon';
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
     * @return (Closure(): ?BroadcastEvent)|null
     */
    private function snapshot(object $event): ?Closure
    {
        if ($this->option('fidelity', 'memory') !== 'serialize') {
            return null;
        }

        $job = $this->jobFor($event);
        $serialized = serialize($job);
        $drops = $job->deleteWhenMissingModels ?? false;

        return static function () use ($serialized, $drops): ?BroadcastEvent {
            try {
                return unserialize($serialized);
            } catch (ModelNotFoundException $e) {
                return $drops ? null : throw $e;
            }
        };
    }

    private function waitsForCommit(object $event): bool
    {
        $own = property_exists($event, 'afterCommit') ? $event->afterCommit : null;

        return ($own ?? $this->option('after_commit', true)) && $this->app->bound('db.transactions');
    }

    private function run(object $event, ?BroadcastEvent $job, ?Closure $restore): void
    {
        try {
            $job = $restore === null ? $job : $restore();

            if ($job !== null) {
                $this->publish($job);
            }
        } catch (Throwable $e) {
            $this->fail($event, $job, $e);
        }
    }

    private function publish(BroadcastEvent $job): void
    {
        if (! $job instanceof UniqueBroadcastEvent) {
            $this->handle($job);

            return;
        }

        // Taken here and not when the event was raised: a rolled back transaction never gets here
        // and would leave it locked.
        if ($this->mustBeUniqueAndCannotAcquireLock($job)) {
            return;
        }

        try {
            $this->handle($job);
        } finally {
            (new UniqueLock($job->uniqueVia()))->release($job);
        }
    }

    private function handle(BroadcastEvent $job): void
    {
        $middleware = $this->option('middleware', false) && method_exists($job, 'middleware')
            ? $job->middleware()
            : [];

        if ($middleware === []) {
            $job->handle($this);

            return;
        }

        (new Pipeline($this->app))->send($job)->through($middleware)->then(fn () => $job->handle($this));
    }

    private function fail(object $event, ?BroadcastEvent $job, Throwable $e): void
    {
        $policy = $this->option('on_failure', 'report');

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

    private function option(string $name, mixed $default): mixed
    {
        return $this->app['config']["clairon.{$name}"] ?? $default;
    }
}
