<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Clairon\Laravel\InlineBroadcastManager;
use Closure;
use Illuminate\Broadcasting\BroadcastController;
use Illuminate\Broadcasting\Broadcasters\Broadcaster;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Broadcasting\Factory;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Routing\Router;

/**
 * What of Laravel itself takes part: the manager, channels and their route, the queue.
 */
final class LaravelCheck implements Check
{
    private const ABOUT = 'Laravel';

    private const LISTENERS_SHOWN = 3;

    public function findings(Subject $subject): iterable
    {
        yield $this->manager($subject);
        $count = $this->count($subject);
        yield $this->channels($subject, $count);
        yield $this->route($subject, $count);
        yield from $this->queue($subject);
    }

    private function manager(Subject $subject): Finding
    {
        foreach ([BroadcastManager::class, Factory::class] as $name) {
            $manager = $subject->app->make($name);

            if (! $manager instanceof InlineBroadcastManager) {
                return Finding::problem(
                    self::ABOUT,
                    get_debug_type($manager) . ' took the place of Clairon\'s manager: broadcasts go through the queue and need a worker.',
                    'Wrap it where it is bound: InlineBroadcastManager::wrap($manager). Packages for several tenants replace it often.'
                );
            }
        }

        return Finding::ok(self::ABOUT, 'Broadcasts leave in the process that raises them; no queue worker takes part.');
    }

    /**
     * How many channels were registered; null where another kind of broadcaster keeps them.
     */
    private function count(Subject $subject): ?int
    {
        /** @var BroadcastManager $manager */
        $manager = $subject->app->make(BroadcastManager::class);
        $broadcaster = $manager->connection();

        if (! $broadcaster instanceof Broadcaster) {
            return null;
        }

        // getChannels() came with Laravel 10.
        return Closure::bind(static fn (Broadcaster $of): int => count($of->channels), null, Broadcaster::class)($broadcaster);
    }

    private function channels(Subject $subject, ?int $count): Finding
    {
        $code = @php_strip_whitespace($subject->app->basePath('routes/channels.php'));

        if ($count === 0 && str_contains($code, 'Broadcast::channel(')) {
            return Finding::problem(
                self::ABOUT,
                'routes/channels.php is there, but Laravel does not load it: nobody may subscribe to private channels.',
                'Register it: channels: in withRouting() of bootstrap/app.php, or App\Providers\BroadcastServiceProvider in config/app.php. '
                . '"php artisan clairon:install" does it.'
            );
        }

        if ($count === 0 || ($count === null && $code === '')) {
            return Finding::note(
                self::ABOUT,
                'No channel is registered: nobody may subscribe to private and presence channels.',
                'If there are such channels, let "php artisan clairon:install" write routes/channels.php and name them there.'
            );
        }

        return Finding::ok(self::ABOUT, 'routes/channels.php registered ' . ($count === 1 ? '1 channel.' : ($count ?? 'its') . ' channels.'));
    }

    private function route(Subject $subject, ?int $count): Finding
    {
        $path = $this->authenticationPath($subject);

        if ($path === '/broadcasting/auth') {
            return Finding::ok(self::ABOUT, 'Browsers are authorised at /broadcasting/auth.');
        }

        if ($path !== null) {
            return Finding::note(
                self::ABOUT,
                "Browsers are authorised at {$path}; Echo asks at /broadcasting/auth by itself.",
                "Give Echo authEndpoint: '{$path}' in echo.js, unless it has that."
            );
        }

        $text = 'There is no route /broadcasting/auth: private and presence channels are refused.';
        $advice = 'Call Broadcast::routes(), or let "php artisan clairon:install" do it; with cached routes run "php artisan route:cache" afterwards.';

        return $count === 0 ? Finding::note(self::ABOUT, $text, $advice) : Finding::problem(self::ABOUT, $text, $advice);
    }

    private function authenticationPath(Subject $subject): ?string
    {
        /** @var Router $router */
        $router = $subject->app->make('router');

        foreach ($router->getRoutes()->getRoutes() as $route) {
            if (str_contains($route->getActionName(), class_basename(BroadcastController::class) . '@authenticate')) {
                return '/' . ltrim($route->uri(), '/');
            }
        }

        return null;
    }

    /**
     * @return iterable<Finding>
     */
    private function queue(Subject $subject): iterable
    {
        $queue = $subject->text('queue.default');

        if ($subject->text("queue.connections.{$queue}.driver") === 'sync') {
            return;
        }

        $jobsWait = (bool) $subject->setting("queue.connections.{$queue}.after_commit");
        $eventsWait = (bool) ($subject->setting('clairon.after_commit') ?? true);

        if ($jobsWait && ! $eventsWait) {
            yield Finding::note(
                self::ABOUT,
                "Jobs of the queue \"{$queue}\" wait for the open transaction's commit, broadcasts do not (clairon.after_commit is false).",
                'If that is not meant, make the two equal in config/clairon.php and config/queue.php.'
            );
        }

        $names = $this->queuedListeners($subject);

        if ($names !== []) {
            $count = count($names);

            yield Finding::note(
                self::ABOUT,
                ($count === 1 ? 'One listener is queued (' : "{$count} listeners are queued (")
                . implode(', ', array_slice($names, 0, self::LISTENERS_SHOWN)) . ($count > self::LISTENERS_SHOWN ? ', ...' : '') . ')'
                . ($eventsWait && ! $jobsWait ? ' and may run before the open transaction is committed: after_commit of the queue is false.' : '.'),
                'What these broadcast comes when a worker runs them: keep "php artisan queue:work" running.'
            );
        }
    }

    /**
     * @return list<string>
     */
    private function queuedListeners(Subject $subject): array
    {
        $events = $subject->app->make('events');
        $names = [];

        // Laravel 8 keeps closures, of which nothing can be told.
        $all = is_object($events) && method_exists($events, 'getRawListeners') ? (array) $events->getRawListeners() : [];

        foreach ($all as $listeners) {
            foreach ((array) $listeners as $listener) {
                $class = is_array($listener) ? $listener[0] ?? null : $listener;
                $class = is_string($class) ? explode('@', $class)[0] : '';

                if ($class !== '' && class_exists($class) && is_a($class, ShouldQueue::class, true)) {
                    $names[$class] = $class;
                }
            }
        }

        return array_values($names);
    }
}
