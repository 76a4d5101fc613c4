# Production image: Node 24 runs the TypeScript sources as they are, so there is nothing to build, only to install.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No dev packages, no embedded PostgreSQL (optional), no install scripts: the image brings its own Node.
RUN npm install --omit=dev --omit=optional --ignore-scripts --no-save --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production MODE=production HOST=0.0.0.0 PORT=8080 DATA_DIR=/var/lib/tandem
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY profiles ./profiles
COPY valueSets ./valueSets
COPY seed ./seed
COPY src ./src
# Keys and compiled definitions; the only place the service writes to.
RUN install -d -o node -g node -m 700 /var/lib/tandem
VOLUME /var/lib/tandem
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
