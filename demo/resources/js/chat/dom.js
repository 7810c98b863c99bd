// SPDX-License-Identifier: MIT
//
// Makes elements. Text goes in as text, never as HTML: what people write is shown, not run.

const SVG = 'http://www.w3.org/2000/svg';

export function el(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

export function icon(paths, className) {
    const svg = document.createElementNS(SVG, 'svg');
    fill(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: className }, []);
    paths.forEach((d) => svg.append(fill(document.createElementNS(SVG, 'path'), { d }, [])));

    return svg;
}

function fill(element, attributes, children) {
    Object.entries(attributes).forEach(([name, value]) => {
        if (name.startsWith('on')) {
            element.addEventListener(name.slice(2), value);
        } else if (value !== null && value !== undefined && value !== false) {
            element.setAttribute(name, value === true ? '' : value);
        }
    });
    element.append(...children.filter((child) => child !== null));

    return element;
}

// Makes `parent` hold exactly `nodes`, moving only those that are elsewhere: what stays keeps its focus,
// its animation and its place for screen readers.
export function arrange(parent, nodes) {
    const wanted = new Set(nodes);
    [...parent.childNodes].filter((node) => !wanted.has(node)).forEach((node) => node.remove());
    nodes.forEach((node, index) => {
        if (parent.childNodes[index] !== node) {
            parent.insertBefore(node, parent.childNodes[index] ?? null);
        }
    });
}

export function say(text, values = {}) {
    return Object.entries(values).reduce((said, [name, value]) => said.replace(`:${name}`, () => value), text);
}
