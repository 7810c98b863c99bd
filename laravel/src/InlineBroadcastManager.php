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
use Illuminate\Config\Repository as LaravelRepository;
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
        ['clairon' => $settings, 'broadcasting' => $broadcasting] = $this->configuration();

        if (! $this->runsInline($event, $broadcasting)) {
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

        $transactions = $this->waitsForCommit($event, $settings) ? $this->transactions() : null;

        if ($transactions === null) {
            $this->run($event, $job, $restore, $settings, $flush, false);

            return;
        }

        $commits = $this->commits();

        if ($commits->mustWait($transactions)) {
            $run = fn (bool $holds) => $this->run($event, $job, $restore, $settings, $flush, $holds);
            $commits->after($this->application(), $transactions, $run);
        } else {
            $this->run($event, $job, $restore, $settings, $flush, $commits->areUnderWay());
        }
    }

    /**
     * Enums are names, also before Laravel 12.21.
     */
    public function connection($driver = null)
    {
        if (is_string($driver) && isset($this->drivers[$driver])) {
            return $this->drivers[$driver];
        }

        /** @var string|null $name */
        $name = $this->plainName($driver);

        return parent::connection($name);
    }

    public function getDefaultDriver()
    {
        return $this->configuration()['broadcasting']['default'] ?? null; // @phpstan-ignore return.type (as Laravel's own)
    }

    /**
     * Asked for anew each time: tests and Octane change and replace it.
     *
     * @return array{clairon: array<string, mixed>, broadcasting: array{default?: string, connections?: array<string, array<string, mixed>|null>}}
     */
    private function configuration(): array
    {
        /** @var Repository $config */
        $config = Shared::find($this->app, 'config') ?? $this->app->make('config');

        // One call for both; another class may have its own idea of an entry.
        $all = get_class($config) === LaravelRepository::class
            ? $config->all()
            : ['clairon' => $config->get('clairon'), 'broadcasting' => $config->get('broadcasting')];

        return ['clairon' => $all['clairon'] ?? [], 'broadcasting' => (array) ($all['broadcasting'] ?? [])]; // @phpstan-ignore return.type (it has no types)
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

    private function commits(): Commits
    {
        /** @var Commits $commits */
        $commits = Shared::find($this->app, Commits::class) ?? $this->app->make(Commits::class);

        return $commits;
    }

    /**
     * Laravel's manager of database transactions; null: it has none.
     */
    private function transactions(): ?object
    {
        $found = Shared::find($this->app, 'db.transactions')
            ?? ($this->app->bound('db.transactions') ? $this->app->make('db.transactions') : null);

        return is_object($found) ? $found : null;
    }

    /**
     * @param array{default?: string, connections?: array<string, array<string, mixed>|null>} $broadcasting
     */
    private function runsInline(object $event, array $broadcasting): bool
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
            $name ??= $broadcasting['default'] ?? '';
            /** @var string $name */
            $name = is_string($name) ? $name : $this->plainName($name);

            if (($broadcasting['connections'][$name]['driver'] ?? null) !== 'clairon') {
                return false;
            }
        }

        return true;
    }

    /**
     * A test that says Queue::fake() wants to see the job.
     */
    private function queueIsFaked(object $event): bool
    {
        $queue = Shared::find($this->app, 'queue');

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

        return (bool) ($own ?? $settings['after_commit'] ?? true);
    }

    /**
     * @param (Closure(): (BroadcastEvent|null))|null $restore
     * @param array<string, mixed> $settings those of the moment when the event was raised
     * @param Flushing::NOW|Flushing::RESPONSE $flush
     * @param bool $holds whether its transaction is being committed
     */
    private function run(
        object $event,
        ?BroadcastEvent $job,
        ?Closure $restore,
        array $settings,
        string $flush,
        bool $holds
    ): void {
        $before = $this->flushing()->enter($flush, $holds);

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
